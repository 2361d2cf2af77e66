"""Zabbix 6.0 as Debian 12 has it: the template, imported, discovers monitors and sees them fail."""

import contextlib

import mib
import processes
import world
import zabbix
from places import wait_for, write
from zabbix import PACKAGES     # noqa: F401 (for the runner)

TEMPLATE = "emailmon by SNMP"
DOWN = "Mail of branch does not get through"
BY_NOTIFICATION = " (by notification)"
QUICK = {"DISCOVERY_INTERVAL": "5s", "INTERVAL": "2s", "TIMES_INTERVAL": "5s", "COUNTERS_INTERVAL": "5s",
         "CERT_INTERVAL": "5s"}
SELDOM = {**QUICK, "INTERVAL": "1h"}        # after the first values only notifications can be quick
SOON_S, POLLED_S = 15, 60      # on a busy machine
AVERAGE, HIGH = "3", "4"                    # severities

api = None


@contextlib.contextmanager
def running():
    global api
    with zabbix.running() as api:
        api.import_template(world.console_file("zabbix/emailmon.yaml"))
        yield


@contextlib.contextmanager
def watched(name, macros, traps_to=None):
    """A world, and the device in Zabbix that is it, when Zabbix knows that both rows are up."""
    with world.watching(traps_to) as seen, \
            zabbix.Device(api, seen.master.address, name, TEMPLATE, **macros) as device:
        device.poll_now()
        verdicts = [f"emailmon.verdict[{seen.index(row)}]" for row in (world.STEADY, world.FRAGILE)]
        wait_for(lambda: set(verdicts) <= set(device.items()), POLLED_S, "the rows to be discovered")
        device.poll_now()
        for verdict in verdicts:
            device.wait_value(verdict, "1", POLLED_S)
        yield seen, device


def problem(device, name, timeout_s):
    return wait_for(lambda: device.problems().get(name), timeout_s, f"the problem: {name}")


def wait_problem(device, name, severity, words):
    """Until it is open, with these words beside it."""
    assert problem(device, name, POLLED_S)["severity"] == severity
    wait_for(lambda: device.problems()[name]["opdata"] == words, POLLED_S, f"operational data: {words}")


def wait_outage(device, name, words, timeout_s):
    """The one problem that an outage makes, with the words of the failure beside it."""
    problem(device, name, timeout_s)
    wait_problem(device, name, HIGH, words)
    assert device.told() == [name], device.told()


def wait_no_problem(device, timeout_s):
    wait_for(lambda: not device.problems(), timeout_s, "the problems to end")


def test_the_template_is_imported_twice():
    """The template is imported; imported again, as a new version would be, it changes nothing and loses nothing"""
    count = api("item.get", templated=True, countOutput=True)
    api.import_template(world.console_file("zabbix/emailmon.yaml"))
    assert api("item.get", templated=True, countOutput=True) == count


def test_monitors_are_discovered():
    """Monitors are discovered, and every item of theirs and of emailmon itself gets a value or has none to get"""
    with watched("discovered", QUICK) as (seen, device):
        index = seen.index(world.STEADY)
        device.wait_value("emailmon.rows.up", "2", POLLED_S)
        device.wait_value("emailmon.alarms", "none", POLLED_S)
        device.wait_value(f"emailmon.proof[{index}]", "3", POLLED_S)
        device.wait_value(f"emailmon.probes.delivered[{index}]", lambda value: int(value) > 0, POLLED_S)
        unsupported = {key: item["error"] for key, item in device.items().items() if item["state"] == "1"}
        assert not unsupported, unsupported
        assert not device.told(), device.told()


def test_a_certificate_that_ends_soon_is_a_problem():
    """A certificate that ends sooner than the macro says is a problem of its row, and of no row without TLS"""
    with watched("certificates", {**QUICK, "CERT_DAYS": "100"}) as (_, device):
        for leg in "sending", "incoming":
            problem(device, f"The certificate of {world.STEADY}'s {leg} server ends in 89 days", POLLED_S)
        assert len(device.told()) == 2, device.told()


def test_alarms_are_told_by_name():
    """The octet of alarms is told by names, whether it comes as hexadecimal digits or as the character that it is"""
    item = api("item.get", templated=True, filter={"key_": "emailmon.alarms"}, output="extend",
               selectPreprocessing="extend")[0]
    write("/tmp/alarms.js", item["preprocessing"][0]["params"])
    for octet, names in {"00 ": "none", "80 ": "state", "@": "resolver", " ": "descriptors", "18 ": "clock, secrets",
                         "P": "resolver, clock"}.items():
        assert processes.run("zabbix_js", "-s", "/tmp/alarms.js", "-p", octet).strip() == names, octet


def test_a_row_without_its_password():
    """A new row is discovered; that nothing is known of it for want of its password is a warning, and emailmon's alarm
    is a problem that names it"""
    with watched("keyless", QUICK) as (seen, device):
        seen.lose_a_password()
        wait_problem(device, "emailmon has an alarm", AVERAGE, "secrets")
        problem(device, "Nothing is known of the mail of keyless", POLLED_S)


def test_a_notification_makes_a_problem_at_once():
    """A row that goes down is a problem within seconds by its notification, with the words of the failure, and the
    problem ends with the notification of up; Zabbix did not ask meanwhile"""
    with watched("notified", SELDOM, zabbix.TRAPS) as (seen, device):
        seen.break_branch()
        row = seen.wait_verdict(world.FRAGILE, "down")
        wait_outage(device, DOWN + BY_NOTIFICATION, row["FailureText"], SOON_S)
        seen.mend_branch()
        seen.wait_verdict(world.FRAGILE, "up")
        wait_no_problem(device, SOON_S)
        assert len(device.told()) == 1, device.told()


def test_polling_makes_the_problem_when_no_notification_comes():
    """A row that goes down is a problem when it is next asked for, with the failure in the operational data, and the
    problem ends after it is up"""
    with watched("polled", QUICK) as (seen, device):
        seen.break_branch()
        row = seen.wait_verdict(world.FRAGILE, "down")
        wait_outage(device, DOWN, row["FailureText"], POLLED_S)
        legs = {word: str(number) for number, word in mib.enumeration("emailMonFailureLeg").items()}
        device.wait_value(f"emailmon.failure.leg[{seen.index(world.FRAGILE)}]", legs[row["FailureLeg"]], POLLED_S)
        seen.mend_branch()
        seen.wait_verdict(world.FRAGILE, "up")
        wait_no_problem(device, POLLED_S)
        assert len(device.told()) == 1, device.told()


def test_an_outage_is_one_problem():
    """An outage is one problem when it is both polled and told, whichever comes first, and ends once"""
    with watched("both", QUICK, zabbix.TRAPS) as (seen, device):
        for outage in range(1, 4):
            seen.break_branch()
            seen.wait_verdict(world.FRAGILE, "down")
            wait_for(device.problems, SOON_S, "a problem")
            seen.mend_branch()
            seen.wait_verdict(world.FRAGILE, "up")
            wait_no_problem(device, SOON_S)
            assert len(device.told()) == outage, device.told()


def test_an_emailmon_that_is_gone_is_a_problem():
    """An emailmon that has ended is a problem, and no false one of its rows"""
    with watched("ended", {**QUICK, "NODATA_TIME": "20s"}) as (seen, device):
        seen.program.stop()
        problem(device, "emailmon does not answer", 90)
        assert device.told() == ["emailmon does not answer"], device.told()
        seen.program.start()
        wait_no_problem(device, 90)
