"""Prometheus: snmp_exporter asks snmpd, the rules fire, and the dashboard's queries have answers."""

import contextlib
import json
import os
import re
import shutil
import urllib.parse
import urllib.request

import processes
import snmp
import world
import yaml
from check_files import FOLDER, console
from places import in_root, wait_for, write
from service import Service

PACKAGES = ["prometheus", "prometheus-snmp-exporter"]
OURS = "/etc/lab/prometheus"                                # config/consoles/prometheus, in the private root
STORAGE = "/var/lib/lab-prometheus"
EXPORTER, PROMETHEUS = "127.0.0.1:29116", "127.0.0.1:29090"
RULES, RULES_TEST, DASHBOARD = "emailmon.rules.yml", "emailmon.rules.test.yml", "emailmon.dashboard.json"


def get(url, **query):
    with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
        return answer.read().decode()


def answers(url):
    try:
        return bool(get(url))
    except OSError:
        return False


def copy_files():
    for name in os.listdir(os.path.join(FOLDER, "prometheus")):
        write(f"{OURS}/{name}", console(f"prometheus/{name}"))


def configure(target):
    """prometheus.yml as an administrator makes it his own; and asked every second."""
    settings = yaml.safe_load(console("prometheus/prometheus.yml"))
    settings["global"] = {"evaluation_interval": "1s"}
    for job in settings["scrape_configs"]:
        job["scrape_interval"] = job["scrape_timeout"] = "1s"
        job["static_configs"][0]["targets"] = [target]
        job["relabel_configs"][-1]["replacement"] = EXPORTER
    write(f"{OURS}/prometheus.yml", yaml.safe_dump(settings))


def exporter():
    copy_files()
    return Service("snmp-exporter", ["/usr/bin/prometheus-snmp-exporter", f"--config.file={OURS}/snmp.yml",
                                     f"--web.listen-address={EXPORTER}"], lambda: answers(f"http://{EXPORTER}/metrics"))


def server():
    """With an empty storage: what an earlier one has seen counts for five minutes."""
    shutil.rmtree(in_root(STORAGE), ignore_errors=True)
    os.makedirs(in_root(STORAGE))
    return Service("prometheus", ["/usr/bin/prometheus", f"--config.file={OURS}/prometheus.yml",
                                  f"--storage.tsdb.path={STORAGE}", f"--web.listen-address={PROMETHEUS}"],
                   lambda: answers(f"http://{PROMETHEUS}/-/ready"))


@contextlib.contextmanager
def watched():
    """A World before a Prometheus."""
    with world.watching() as what, exporter():
        configure(what.master.address)
        with server():
            yield what


def metrics(master, module):
    """{name{labels}: value} of one scrape."""
    text = get(f"http://{EXPORTER}/snmp", module=module, target=master.address)
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def query(expression):
    answer = json.loads(get(f"http://{PROMETHEUS}/api/v1/query", query=expression))
    return answer["data"]["result"]


def alerts(name):
    """The alerts of a rule: [(state, labels, annotations)]."""
    found = json.loads(get(f"http://{PROMETHEUS}/api/v1/alerts"))["data"]["alerts"]
    return [(alert["state"], alert["labels"], alert["annotations"]) for alert in found
            if alert["labels"]["alertname"] == name]


def expressions():
    """[(panel, expression)] of the dashboard, its variables filled in."""
    for panel in json.loads(console(f"prometheus/{DASHBOARD}"))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$instance", ".*").replace("$__rate_interval", "1m")


def test_the_module_is_what_the_generator_makes():
    """snmp.yml is what Debian's generator makes of generator.yml and the MIB"""
    copy_files()
    snmp.copy_mibs()
    os.unlink(in_root(f"{OURS}/snmp.yml"))
    processes.run("sh", "-c", f"cd {OURS} && prometheus-snmp-generator generate", MIBDIRS=snmp.ROOT_MIBS,
                  MIBS=snmp.MODULES)
    with open(in_root(f"{OURS}/snmp.yml"), encoding="utf-8") as made:
        assert made.read() == console("prometheus/snmp.yml"), "run the generator again, as README.md says"


def test_promtool_finds_no_mistake():
    """promtool takes the files, and each rule fires when its own tests say so"""
    copy_files()
    processes.run("promtool", "check", "config", f"{OURS}/prometheus.yml")
    processes.run("promtool", "check", "rules", f"{OURS}/{RULES}")
    processes.run("promtool", "test", "rules", f"{OURS}/{RULES_TEST}")


def test_the_exporter_names_rows_and_words():
    """Series carry name and index of the row; legs, stages, causes and alarms are words"""
    with world.watching() as what, exporter():
        row = f'{{emailMonIndex="{what.index(world.FRAGILE)}",emailMonName="{world.FRAGILE}"'
        cause = re.sub("^{", '{emailMonFailureCause="%s",', row) + "}"
        seen = metrics(what.master, "emailmon_rows")
        assert seen["emailMonOperStatus" + row + "}"] == "1", seen
        assert seen["emailMonFailureCause_info" + cause % "none"] == "1", seen
        assert metrics(what.master, "emailmon_times")["emailMonPolls" + row + "}"] != "0"
        whole = metrics(what.master, "emailmon")
        assert whole["emailMonRows"] == "2" and whole['emailMonAlarms{emailMonAlarms="state"}'] == "0", whole
        what.break_branch()
        what.wait_verdict(world.FRAGILE, "down")
        seen = metrics(what.master, "emailmon_rows")
        assert seen["emailMonOperStatus" + row + "}"] == "2", seen
        assert seen["emailMonFailureCause_info" + cause % "refused"] == "1", seen


def test_a_down_fires_and_an_up_ends_it():
    """A Down fires the alert with where and why, an Up ends it; every query of the dashboard has an answer meanwhile"""
    with watched() as what:
        wait_for(lambda: len(query("emailMonOperStatus == 1")) == 2, 15, "both rows up in Prometheus")
        assert not alerts("EmailMonitorDown")
        what.break_branch()
        told = wait_for(lambda: alerts("EmailMonitorDown"), 15, "the alert of branch")
        assert len(told) == 1, told
        state, labels, annotations = told[0]
        assert state == "firing" and labels["severity"] == "critical" and labels["emailMonName"] == world.FRAGILE, told
        assert annotations["description"].endswith("connect: refused"), annotations
        wait_for(lambda: not unanswered(), 15, f"an answer to each query of the dashboard; none: {unanswered()}")
        what.mend_branch()
        wait_for(lambda: not alerts("EmailMonitorDown"), 20, "the end of the alert")


def unanswered():
    return [panel for panel, expression in expressions() if not query(expression)]


def test_an_alarm_of_emailmon_fires():
    """An alarm of emailmon itself is a warning, by its word"""
    with watched() as what:
        what.lose_a_password()
        told = wait_for(lambda: alerts("EmailmonAlarm"), 15, "the alert of an alarm")
        assert [labels["emailMonAlarms"] for _, labels, _ in told] == ["secrets"], told
        assert told[0][1]["severity"] == "warning", told


def test_a_watcher_that_ends_is_missed():
    """When emailmon ends behind a running snmpd, an alert says that nobody watches the mail"""
    with watched() as what:
        wait_for(lambda: query("emailMonRows"), 15, "emailmon in Prometheus")
        what.program.stop()
        told = wait_for(lambda: alerts("EmailmonAbsent"), 15, "the alert that emailmon is gone")
        assert told[0][1]["instance"] == what.master.address, told
