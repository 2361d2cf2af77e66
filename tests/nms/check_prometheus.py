"""The files for Prometheus agree with the MIB and with one another."""

import json
import re

import mib
import yaml
from check_files import console, must_have_none


def read(name):
    return yaml.safe_load(console(f"prometheus/{name}"))


def walked():
    """{metric: what it is asked as} of every module; an information has _info behind its name."""
    found = {}
    for module in read("generator.yml")["modules"].values():
        overrides = module.get("overrides", {})
        for name in module["walk"]:
            found[name] = overrides.get(name, {}).get("type", "")
    return found


def expressions():
    """[(where, expression)] of the rules and of the dashboard."""
    for group in read("emailmon.rules.yml")["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in json.loads(console("prometheus/emailmon.dashboard.json"))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def check_queries_ask_for_what_is_walked():
    """Rules and dashboard ask for nothing but what the exporter walks"""
    metrics = {name + ("_info" if how == "EnumAsInfo" else "") for name, how in walked().items()}
    labels = {*walked(), "emailMonName", "emailMonIndex"}
    must_have_none([(where, word) for where, expression in expressions()
                    for word in re.findall(r"\bemailMon\w+", expression) if word not in metrics | labels])


def check_the_module_has_the_oids_of_the_mib():
    """snmp.yml has the MIB's OIDs and enumerations"""
    wrong = []
    for module in read("snmp.yml").values():
        for metric in module["metrics"]:
            name, words = metric["name"], metric.get("enum_values")
            if metric["oid"] != mib.objects()[name]:
                wrong.append((name, metric["oid"]))
            if words and words != mib.enumeration(name):
                wrong.append((name, words))
    must_have_none(wrong)


def check_the_module_has_what_the_generator_walks():
    """snmp.yml has the metrics that generator.yml walks, module by module"""
    wanted, made = read("generator.yml")["modules"], read("snmp.yml")
    assert {name: set(module["walk"]) for name, module in wanted.items()} == \
        {name: {metric["name"] for metric in module["metrics"]} for name, module in made.items()}


def check_the_numbers_of_verdicts():
    """A rule that compares emailMonOperStatus means what the MIB means"""
    verdicts = mib.enumeration("emailMonOperStatus")
    rules = {rule["alert"]: rule["expr"] for group in read("emailmon.rules.yml")["groups"] for rule in group["rules"]}
    for alert, word in ("EmailMonitorDown", "down"), ("EmailMonitorUnknown", "unknown"):
        number = int(rules[alert].removeprefix("emailMonOperStatus == "))
        assert verdicts[number] == word, (alert, number)
