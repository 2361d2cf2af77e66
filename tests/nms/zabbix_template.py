#!/usr/bin/env python3
"""Make Zabbix's template for emailmon: zabbix_template.py > config/consoles/zabbix/emailmon.yaml

An export of Zabbix 6.0 is long, and says most things twice; here each item is one line of a table.  OIDs and value maps
come from the MIB.  Entities are known to Zabbix by UUIDs, made here of their names, so that importing a newer
template updates the older.
"""

import hashlib
import json
import re
import sys

import mib

NAME = "emailmon by SNMP"
GROUP = ("Templates/Applications", "a571c0d144b14fd4a87a9d9b2aa9fcd6")     # Zabbix's own, under its own UUID
NEVER_AGE, NO_CERTIFICATE = 2 ** 32 - 1, 2 ** 31 - 1                        # as the MIB says of these columns

DESCRIPTION = """\
Does mail really get through? emailmon sends probes by SMTP, finds them by POP3 or IMAP, and serves one row a monitor by
SNMP. This template discovers the rows and says of each whether mail gets through, and if not, where and why.
Its page is README.md beside this file."""

# Macro, value, what it is for.
MACROS = [
    ("{$EMAILMON.NAME.MATCHES}", ".*", "Monitors whose names match are discovered"),
    ("{$EMAILMON.NAME.NOT_MATCHES}", "CHANGE_IF_NEEDED", "... and those that match this are not"),
    ("{$EMAILMON.DISCOVERY.INTERVAL}", "10m", "How often monitors are looked for"),
    ("{$EMAILMON.INTERVAL}", "1m", "How often verdicts and failures, and emailmon's own numbers, are asked for"),
    ("{$EMAILMON.TIMES.INTERVAL}", "5m", "How often the times of the legs are asked for"),
    ("{$EMAILMON.COUNTERS.INTERVAL}", "10m", "How often counters are asked for"),
    ("{$EMAILMON.CERT.INTERVAL}", "1h", "How often the days of certificates are asked for"),
    ("{$EMAILMON.CERT.DAYS}", "14", "Fewer days than this are a problem; with a context for one monitor"),
    ("{$EMAILMON.PROOF.INTERVALS}", "5", "A proof older than so many of the monitor's intervals is a problem"),
    ("{$EMAILMON.TRAP.TIME}", "3m", "So long a notification outranks what was polled: more than two intervals"),
    ("{$EMAILMON.LAG.MAX}", "1s", "Polls that start so much too late are a problem"),
    ("{$EMAILMON.NOPOLLS.TIME}", "30m", "So long without a poll is a problem"),
    ("{$EMAILMON.NODATA.TIME}", "5m", "So long without an answer is a problem"),
]

VERDICT, PROOF, LEG, STAGE, CAUSE = VALUE_MAPS = [
    "EmailMonVerdict", "EmailMonProofKind", "EmailMonLeg", "EmailMonStage", "EmailMonCause"]

# --- preprocessing ---

MS_TO_S = ("MULTIPLIER", ["0.001"])
DELTA = ("SIMPLE_CHANGE", [""])
RATE = ("CHANGE_PER_SECOND", [""])
ONCE_AN_HOUR = ("DISCARD_UNCHANGED_HEARTBEAT", ["1h"])


def without(value):
    """A number that stands for "none" is no value."""
    return "NOT_MATCHES_REGEX", [f"^{value}$"], "DISCARD_VALUE"


def bits(name):
    """An octet string, which arrives as hexadecimal digits, or as itself when it can be printed, into words."""
    names = json.dumps(list(mib.enumeration(name).values()))
    return "JAVASCRIPT", [f"""\
var octet = value.length > 1 ? parseInt(value.substr(0, 2), 16) : (value + ' ').charCodeAt(0);
var on = {names}.filter(function (word, bit) {{
    return octet & 0x80 >> bit;
}});
return on.join(', ') || 'none';
"""]


# --- what a receiver of notifications writes down, by the names of the MIB or in numbers ---

IS = r"\s+(?:= |type=\d+\s+value=)"                  # of snmptrapd itself, or of Zabbix's receiver in Perl
NUMBER = IS + r"(?:\w+: )?(?:\w+\()?(\d+)"
QUOTED = IS + r'(?:STRING: )?"?((?:[^"\\\n\t]|\\.)*)'


def written(name):
    numbers = mib.oids()[name].removeprefix(mib.oids()["netSnmpPlaypen"] + ".").replace(".", r"\.")
    return rf"(?:{name}|{numbers})\."


def captured(name, index, value):
    """The value of an object in a notification that has it."""
    return "REGEX", [written(name) + index + value, r"\1"], "DISCARD_VALUE"


# --- items: (key, name, MIB object, interval, {more}) ---

TEXT = {"value_type": "TEXT", "trends": "0"}
WORD = {"value_type": "CHAR", "trends": "0"}
SECONDS = {"value_type": "FLOAT", "units": "s", "preprocessing": [MS_TO_S]}
COUNTED = {"preprocessing": [DELTA]}
FAST, TIMES, COUNTERS, CERT = ("{$EMAILMON.%sINTERVAL}" % kind for kind in ("", "TIMES.", "COUNTERS.", "CERT."))


def shown_as(value_map):
    return {"valuemap": {"name": value_map}, "trends": "0"}


SCALARS = [
    ("version", "Version", "emailMonVersion", CERT, WORD | {"preprocessing": [ONCE_AN_HOUR]}),
    ("rows", "Monitors", "emailMonRows", FAST, {}),
    ("rows.up", "Monitors up", "emailMonRowsUp", FAST, {}),
    ("rows.down", "Monitors down", "emailMonRowsDown", FAST, {}),
    ("rows.unknown", "Monitors unknown", "emailMonRowsUnknown", FAST, {}),
    ("rows.disabled", "Monitors disabled", "emailMonRowsDisabled", FAST, {}),
    ("inflight", "Polls at work", "emailMonInFlight", FAST, {}),
    ("lag", "Latest start of a poll", "emailMonSchedulerLag", FAST, SECONDS),
    ("polls.rate", "Polls a second", "emailMonPollsTotal", FAST,
     {"value_type": "FLOAT", "preprocessing": [RATE]}),
    ("event.last", "Number of the last event", "emailMonEventLast", FAST, {}),
    ("notifications.pending", "Notifications that wait for snmpd", "emailMonNotificationsPending", FAST, {}),
    ("notifications.dropped", "Notifications given up", "emailMonNotificationsDropped", FAST, COUNTED),
    ("alarms", "Alarms", "emailMonAlarms", FAST, WORD | {"preprocessing": [bits("emailMonAlarms"), ONCE_AN_HOUR]}),
    ("config.error", "Mistake in the configuration file", "emailMonConfigError", FAST,
     TEXT | {"preprocessing": [ONCE_AN_HOUR]}),
]

VERDICTS = [
    ("verdict", "verdict", "emailMonOperStatus", FAST, shown_as(VERDICT)),
    ("proof", "proof", "emailMonProof", FAST, shown_as(PROOF)),
    ("proof.age", "age of the proof", "emailMonProofAge", FAST,
     {"units": "s", "preprocessing": [without(NEVER_AGE)]}),
    ("failure.text", "failure", "emailMonFailureText", FAST, TEXT | {"preprocessing": [ONCE_AN_HOUR]}),
    ("failure.leg", "leg of the failure", "emailMonFailureLeg", FAST, shown_as(LEG)),
    ("failure.stage", "stage of the failure", "emailMonFailureStage", FAST, shown_as(STAGE)),
    ("failure.cause", "cause of the failure", "emailMonFailureCause", FAST, shown_as(CAUSE)),
]

DETAILS = [
    ("time.poll", "last poll", "emailMonPollTime", TIMES, SECONDS),
    ("time.send", "sending leg", "emailMonSendTime", TIMES, SECONDS),
    ("time.look", "incoming leg", "emailMonLookTime", TIMES, SECONDS),
    ("time.smtp.connect", "sending: connecting", "emailMonSmtpConnectTime", TIMES, SECONDS),
    ("time.smtp.tls", "sending: TLS", "emailMonSmtpTlsTime", TIMES, SECONDS),
    ("time.smtp.auth", "sending: login", "emailMonSmtpAuthTime", TIMES, SECONDS),
    ("time.smtp.data", "sending: handing over", "emailMonSmtpDataTime", TIMES, SECONDS),
    ("time.in.connect", "incoming: connecting", "emailMonInConnectTime", TIMES, SECONDS),
    ("time.in.tls", "incoming: TLS", "emailMonInTlsTime", TIMES, SECONDS),
    ("time.in.login", "incoming: login", "emailMonInLoginTime", TIMES, SECONDS),
    ("time.in.search", "incoming: finding", "emailMonInSearchTime", TIMES, SECONDS),
    ("time.in.delete", "incoming: deleting", "emailMonInDeleteTime", TIMES, SECONDS),
    ("time.delivery", "delivery", "emailMonDeliveryTime", TIMES, SECONDS),
    ("failures", "failed polls in a row", "emailMonConsecutiveFailures", TIMES, {}),
    ("outstanding", "probes outstanding", "emailMonOutstanding", TIMES, {}),
    ("polls", "polls", "emailMonPolls", COUNTERS, COUNTED),
    ("polls.failed", "polls failed", "emailMonPollsFailed", COUNTERS, COUNTED),
    ("polls.skipped", "polls skipped", "emailMonSkipped", COUNTERS, COUNTED),
    ("probes.sent", "probes sent", "emailMonSent", COUNTERS, COUNTED),
    ("probes.delivered", "probes delivered", "emailMonDelivered", COUNTERS, COUNTED),
    ("probes.late", "probes late", "emailMonLate", COUNTERS, COUNTED),
    ("probes.lost", "probes lost", "emailMonLost", COUNTERS, COUNTED),
    ("probes.bounced", "probes bounced", "emailMonBounced", COUNTERS, COUNTED),
    ("probes.junk", "probes in junk", "emailMonInJunk", COUNTERS, COUNTED),
    ("probes.forged", "probes forged", "emailMonForged", COUNTERS, COUNTED),
    ("transitions", "changes of the verdict", "emailMonTransitions", COUNTERS, COUNTED),
    ("cert.smtp", "days of the sending server's certificate", "emailMonSmtpCertDays", CERT,
     {"value_type": "FLOAT", "units": "!days", "preprocessing": [without(NO_CERTIFICATE)]}),
    ("cert.in", "days of the incoming server's certificate", "emailMonInCertDays", CERT,
     {"value_type": "FLOAT", "units": "!days", "preprocessing": [without(NO_CERTIFICATE)]}),
]

# What is read out of notifications: (key, name, step, {more}).
ALL_TRAPS = r'snmptrap["emailMon(?:Down|Up|Unknown|CertExpiring)\b|2525\.0\.[1-4]\b"]'
ALL_TRAPPED = [
    ("trap.seq", "Number of the last notification", captured("emailMonEventSeq", r"\d+", NUMBER), {"trends": "0"}),
]
ROW_TRAP = f'snmptrap["{written("emailMonOperStatus")}{{#SNMPINDEX}}\\s"]'
ROW_TRAPPED = [
    ("trap.verdict", "verdict of the last notification", captured("emailMonOperStatus", "{#SNMPINDEX}", NUMBER),
     shown_as(VERDICT)),
    ("trap.text", "failure of the last notification", captured("emailMonFailureText", "{#SNMPINDEX}", QUOTED), TEXT),
]


# --- triggers: (name, severity, expression, {more}); "<key>" stands for the item's name in an expression ---

WHOLE = '{{ITEM.LASTVALUE%d}.regsub("(.*)", "\\1")}'        # of a longer text Zabbix would show 20 characters


def lasting(item, time, condition):
    """It has held for so long: of a new host, which has no value that is older, nothing is said yet."""
    return f"{condition} and last({item},#1:now-{time})>=0"


SCALAR_TRIGGERS = [
    ("emailmon does not answer", "HIGH", "nodata(<rows>,{$EMAILMON.NODATA.TIME})=1",
     "emailmon does not run, or snmpd does not, or its view hides the table."),
    ("emailmon makes no polls", "HIGH",
     lasting("<polls.rate>", "{$EMAILMON.NOPOLLS.TIME}",
             "max(<polls.rate>,{$EMAILMON.NOPOLLS.TIME})=0 and last(<rows>)>last(<rows.disabled>)"),
     "There are monitors, and none was polled for {$EMAILMON.NOPOLLS.TIME}."),
    ("emailmon has an alarm", "AVERAGE", 'last(<alarms>)<>"none"',
     "Something is wrong with emailmon itself: see emailMonAlarms in its MIB.", {"opdata": WHOLE % 1}),
    ("emailmon starts polls too late", "WARNING", lasting("<lag>", "5m", "min(<lag>,5m)>{$EMAILMON.LAG.MAX}"),
     "The machine, or the limits in the configuration file, do not suffice for so many monitors."),
    ("Notifications of emailmon wait for snmpd", "WARNING",
     lasting("<notifications.pending>", "5m", "min(<notifications.pending>,5m)>0"),
     "snmpd is away or hangs."),
    ("emailmon gave up notifications", "WARNING", "last(<notifications.dropped>)>0",
     "Too many waited for snmpd. Their events are still in emailMonEventTable."),
    ("The configuration file of emailmon has a mistake", "WARNING", "length(last(<config.error>))>0",
     "It was refused; the monitors are those of before.", {"opdata": WHOLE % 1}),
    ("A notification of emailmon did not arrive", "INFO",
     "change(<trap.seq>)>1 or last(<event.last>,#1:now-5m)>last(<trap.seq>)",
     "Its event is in emailMonEventTable. Disable this when monitors have a setting notify that leaves events out."),
]

# A notification is quick and says why; what is polled is right in the end, whatever got lost.  The first trigger is
# opened by the notification of what no poll has seen yet, and closed by either.  The second depends on it, and believes
# no poll against a fresh notification: so an outage is one problem, whichever comes first, going down and coming up.
VERDICT_TRIGGERS = [
    ("Mail of {#NAME} does not get through (by notification)", "HIGH",
     "last(<trap.verdict>)=2 and count(<trap.verdict>,{$EMAILMON.TRAP.TIME})>0 and "
     "count(<verdict>,{$EMAILMON.TRAP.TIME},\"eq\",\"2\")=0 and length(last(<trap.text>))>=0",
     "emailmon has told so; the text says where and why.",
     {"recovery": "(count(<trap.verdict>,{$EMAILMON.TRAP.TIME})>0 and last(<trap.verdict>)<>2) or "
                  "(count(<trap.verdict>,{$EMAILMON.TRAP.TIME})=0 and last(<verdict>)<>2)",
      "opdata": WHOLE % 4}),
    ("Mail of {#NAME} does not get through", "HIGH",
     "last(<verdict>)=2 and length(last(<failure.text>))>=0 and "
     "(count(<trap.verdict>,{$EMAILMON.TRAP.TIME})=0 or last(<trap.verdict>)=2)",
     "The text says where and why.", {"opdata": WHOLE % 2, "after": 0}),
    ("Nothing is known of the mail of {#NAME}", "WARNING",
     "count(<verdict>,#3,\"eq\",\"3\")=3 and length(last(<failure.text>))>=0",
     "The fault is on the machine that emailmon runs on.", {"opdata": WHOLE % 2}),
    ("The proof for {#NAME} is old", "WARNING",
     "last(<verdict>)=1 and last(<proof>)=3 and "
     "last(<proof.age>)>{$EMAILMON.PROOF.INTERVALS:\"{#NAME}\"}*{#INTERVAL}+60",
     "It is up, but no probe was found for several of its intervals: it is not being polled, or its polls keep the "
     "verdict."),
]

DETAIL_TRIGGERS = [
    ("The certificate of {#NAME}'s sending server ends in {ITEM.LASTVALUE1}", "WARNING",
     "last(<cert.smtp>)<{$EMAILMON.CERT.DAYS:\"{#NAME}\"}", "Negative: it has expired."),
    ("The certificate of {#NAME}'s incoming server ends in {ITEM.LASTVALUE1}", "WARNING",
     "last(<cert.in>)<{$EMAILMON.CERT.DAYS:\"{#NAME}\"}", "Negative: it has expired."),
    ("Somebody imitates probes of {#NAME}", "WARNING", "last(<probes.forged>)>0",
     "Mails that look like its probes and do not bear its seal were found, and left alone."),
]

# --- graphs: (name, stacked?, [(key, colour)]) ---

GRAPHS = [
    ("Monitors by verdict", True, [("rows.up", "1A7C11"), ("rows.down", "F63100"), ("rows.unknown", "F7941D"),
                                   ("rows.disabled", "9E9E9E")]),
    ("Polls", False, [("polls.rate", "2774A4"), ("inflight", "A54F10")]),
]
ROW_GRAPHS = [
    ("{#NAME}: sending", True, [("time.smtp.connect", "6C59DC"), ("time.smtp.tls", "F7941D"),
                                ("time.smtp.auth", "FC6EA3"), ("time.smtp.data", "2774A4")]),
    ("{#NAME}: incoming", True, [("time.in.connect", "6C59DC"), ("time.in.tls", "F7941D"), ("time.in.login", "FC6EA3"),
                                 ("time.in.search", "2774A4"), ("time.in.delete", "1A7C11")]),
    ("{#NAME}: delivery", False, [("time.delivery", "2774A4")]),
    ("{#NAME}: probes", False, [("probes.sent", "2774A4"), ("probes.delivered", "1A7C11"), ("probes.late", "F7941D"),
                                ("probes.lost", "F63100")]),
]


# --- from the tables to an export ---

def uuid(*what):
    """A UUID of version 4 in form; always the same for the same name."""
    h = hashlib.sha256("\n".join(("emailmon", *what)).encode()).hexdigest()
    return h[:12] + "4" + h[13:16] + "89ab"[int(h[16], 16) % 4] + h[17:32]


def key(name, row):
    return f"emailmon.{name}[{{#SNMPINDEX}}]" if row else f"emailmon.{name}"


def prefixed(name, row):
    return f"{{#NAME}}: {name}" if row else name


def steps(preprocessing):
    """The steps of a table as an export has them; a third part says what becomes of a value that does not fit."""
    return [{"type": kind, "parameters": parameters} | ({"error_handler": handler[0]} if handler else {})
            for kind, parameters, *handler in preprocessing]


def described(entity, what, row):
    """What all items have: their UUID first, their tags last."""
    tags = [{"tag": "component", "value": "monitor"}, {"tag": "monitor", "value": "{#NAME}"}] if row \
        else [{"tag": "component", "value": "emailmon"}]
    return {"uuid": uuid("item", what)} | entity | {"tags": tags}


def polled(row, name, title, column, interval, more):
    more = dict(more)
    chain = more.pop("preprocessing", [])
    oid = mib.oids()[column] + (".{#SNMPINDEX}" if row else ".0")
    what = f"{column} in EMAIL-MONITOR-MIB" + (", what came since the value before" if chain == [DELTA] else "")
    entity = {"name": prefixed(title, row), "type": "SNMP_AGENT", "snmp_oid": oid, "key": key(name, row),
              "delay": interval, "history": "7d", **more, "description": what}
    return described(entity | ({"preprocessing": steps(chain)} if chain else {}), name, row)


def trapped(row, what, master, table):
    """An item of notifications, and those that are read out of it."""
    yield described({"name": prefixed(what, row), "type": "SNMP_TRAP", "key": master, "delay": "0", "history": "7d",
                     "trends": "0", "value_type": "LOG"}, master, row)
    for name, title, step, more in table:
        yield described({"name": prefixed(title, row), "type": "DEPENDENT", "key": key(name, row), "delay": "0",
                         "history": "7d", **more, "preprocessing": steps([step]), "master_item": {"key": master}},
                        name, row)


def expression(text, row):
    return re.sub(r"<([\w.]+)>", lambda found: f"/{NAME}/{key(found.group(1), row)}", text)


def triggers(table, row):
    """A trigger that comes "after" another one depends on it: for one outage, one problem."""
    made = []
    for name, severity, problem, description, *more in table:
        more = more[0] if more else {}
        made.append({"uuid": uuid("trigger", name), "expression": expression(problem, row)})
        if "recovery" in more:
            made[-1] |= {"recovery_mode": "RECOVERY_EXPRESSION",
                         "recovery_expression": expression(more["recovery"], row)}
        made[-1] |= {"name": name, "opdata": more.get("opdata", "{ITEM.LASTVALUE1}"), "priority": severity,
                     "description": description, "manual_close": "YES"}
        if "after" in more:
            first = made[more["after"]]
            made[-1]["dependencies"] = [{part: first[part] for part in ("name", "expression", "recovery_expression")}]
        made[-1]["tags"] = [{"tag": "scope", "value": "availability"}] \
            + ([{"tag": "monitor", "value": "{#NAME}"}] if row else [])
    return made


def graphs(table, row):
    return [{"uuid": uuid("graph", name), "name": name, **({"type": "STACKED"} if stacked else {}),
             "graph_items": [{"sortorder": str(order), "color": colour, "item": {"host": NAME, "key": key(item, row)}}
                             for order, (item, colour) in enumerate(lines)]} for name, stacked, lines in table]


def discovery(name, title, *parts):
    columns = [("{#NAME}", "emailMonName"), ("{#INTERVAL}", "emailMonInterval")]
    walked = ",".join(f"{macro},{mib.oids()[column]}" for macro, column in columns)
    conditions = [("MATCHES_REGEX", "{$EMAILMON.NAME.MATCHES}"), ("NOT_MATCHES_REGEX", "{$EMAILMON.NAME.NOT_MATCHES}")]
    rule = {"uuid": uuid("rule", name), "name": title, "type": "SNMP_AGENT", "snmp_oid": f"discovery[{walked}]",
            "key": f"emailmon.{name}", "delay": "{$EMAILMON.DISCOVERY.INTERVAL}",
            "filter": {"evaltype": "AND", "conditions": [
                {"macro": "{#NAME}", "value": value, "operator": operator, "formulaid": letter}
                for letter, (operator, value) in zip("AB", conditions)]},
            "lifetime": "7d"}
    for part in parts:
        rule |= part
    return rule


def rules():
    verdicts = [polled(True, *line) for line in VERDICTS]
    verdicts += trapped(True, "last notification", ROW_TRAP, ROW_TRAPPED)
    return [
        discovery("monitors", "Monitors", {"item_prototypes": verdicts,
                                           "trigger_prototypes": triggers(VERDICT_TRIGGERS, True)}),
        discovery("details", "Monitors: times, counters, certificates",
                  {"item_prototypes": [polled(True, *line) for line in DETAILS],
                   "trigger_prototypes": triggers(DETAIL_TRIGGERS, True),
                   "graph_prototypes": graphs(ROW_GRAPHS, True)}),
    ]


def items():
    return [*(polled(False, *line) for line in SCALARS),
            *trapped(False, "Notifications", ALL_TRAPS, ALL_TRAPPED)]


def widget(kind, x, y, width, height, title, *fields):
    return {"type": kind, "name": title, "x": str(x), "y": str(y), "width": str(width), "height": str(height),
            "fields": [{"type": what, "name": name, "value": value} for what, name, value in fields]}


def dashboard():
    numbers = [("rows.up", "Up"), ("rows.down", "Down"), ("rows.unknown", "Unknown"), ("lag", "Late starts")]
    overview = [widget("ITEM", 6 * n, 0, 6, 3, title, ("ITEM", "itemid", {"host": NAME, "key": key(item, False)}))
                for n, (item, title) in enumerate(numbers)]
    overview += [widget("GRAPH_CLASSIC", 12 * n, 3, 12, 5, name, ("GRAPH", "graphid", {"host": NAME, "name": name}))
                 for n, (name, *_) in enumerate(GRAPHS)]
    rows = [widget("GRAPH_PROTOTYPE", 12 * (n % 2), 10 * (n // 2), 12, 10,
                   name.removeprefix("{#NAME}: ").capitalize(), ("INTEGER", "columns", "1"), ("INTEGER", "rows", "2"),
                   ("GRAPH_PROTOTYPE", "graphid", {"host": NAME, "name": name}))
            for n, (name, *_) in enumerate(ROW_GRAPHS)]
    return {"uuid": uuid("dashboard"), "name": "Email monitors", "auto_start": "NO",
            "pages": [{"name": "Overview", "widgets": overview}, {"name": "Monitors", "widgets": rows}]}


def template():
    maps = [{"uuid": uuid("map", name), "name": name,
             "mappings": [{"value": str(number), "newvalue": word}
                          for number, word in mib.conventions()[name].items()]} for name in VALUE_MAPS]
    return {"uuid": uuid("template"), "template": NAME, "name": NAME, "description": DESCRIPTION,
            "groups": [{"name": GROUP[0]}], "items": items(), "discovery_rules": rules(),
            "macros": [{"macro": macro, "value": value, "description": what} for macro, value, what in MACROS],
            "dashboards": [dashboard()], "valuemaps": maps}


def export():
    return {"zabbix_export": {
        "version": "6.0", "date": "2026-11-26T00:00:00Z", "groups": [{"uuid": GROUP[1], "name": GROUP[0]}],
        "templates": [template()], "triggers": triggers(SCALAR_TRIGGERS, False), "graphs": graphs(GRAPHS, False)}}


# --- YAML: blocks of mappings, lists and texts, nothing else ---

PLAIN = re.compile(r"[A-Za-z/][\w/.-]*( [\w/.-]+)*")


def scalar(text, indent):
    if "\n" in text:
        head = "|" if text.endswith("\n") else "|-"
        return "\n".join([head, *(" " * indent + line for line in text.rstrip("\n").split("\n"))])
    plain = PLAIN.fullmatch(text) and text.lower() not in ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
    return text if plain else "'" + text.replace("'", "''") + "'"


def lines(value, indent=0):
    """A mapping or a list as lines of a block."""
    for name, part in value.items() if isinstance(value, dict) else ((None, part) for part in value):
        head = " " * indent + ("-" if name is None else scalar(name, 0) + ":")
        if not isinstance(part, (dict, list)):
            yield f"{head} {scalar(part, indent + 2)}"
        elif name is None and isinstance(part, dict):
            first, *rest = lines(part, indent + 2)
            yield from (head + first[indent + 1:], *rest)
        else:
            yield from (head, *lines(part, indent + 2))


def yaml_text():
    return "\n".join(lines(export())) + "\n"


if __name__ == "__main__":
    sys.stdout.write(yaml_text())
