"""A Zabbix server with its database and its API, in the private root: packages of Debian 12, settings of a test."""

import contextlib
import json
import os
import re
import shutil
import urllib.request

import processes
import world
from places import LabError, in_root, wait_for, write
from service import Service, as_user

PACKAGES = ["zabbix-server-pgsql", "zabbix-frontend-php", "postgresql-15",
            "php8.2-cli", "php8.2-pgsql", "php8.2-cgi"]       # php's own web server will do; cgi keeps apache2 away
HOST = "127.0.0.1"
DATABASE_PORT, SERVER_PORT, API_PORT, TRAPS_PORT = 20432, 20051, 20080, 20999
TRAPS = f"{HOST}:{TRAPS_PORT}"
POSTGRESQL = "/usr/lib/postgresql/15/bin/"
CLUSTER, PRISTINE = "/var/lib/postgresql/console", "/var/lib/postgresql/pristine"
SOCKETS = "/run/postgresql"
SCHEMA = ["/usr/share/zabbix-server-pgsql/" + name for name in ("schema.sql.gz", "images.sql.gz", "data.sql.gz")]
UNIT = world.console_file("zabbix/zabbix-traps.service")
RECEIVER, RECEIVER_CONF, TRAPS_FILE = re.search(r"^ExecStart=(.*)$", UNIT, re.MULTILINE).group(1).split()
RECEIVER_USER = re.search(r"^User=(.*)$", UNIT, re.MULTILINE).group(1)

POSTGRESQL_SETTINGS = {"port": DATABASE_PORT, "unix_socket_directories": SOCKETS, "listen_addresses": "",
                       "fsync": "off", "dynamic_shared_memory_type": "mmap", "max_connections": 60}

SERVER = f"""# made by the tests
ListenIP={HOST}
ListenPort={SERVER_PORT}
LogType=console
PidFile=/run/zabbix/server.pid
SocketDir=/run/zabbix
DBHost=
DBName=zabbix
DBUser=zabbix
DBPort={DATABASE_PORT}
StartSNMPTrapper=1
SNMPTrapperFile={TRAPS_FILE}
CacheUpdateFrequency=1
StartPollers=3
StartPingers=0
StartDiscoverers=0
StartHTTPPollers=0
"""

FRONTEND = f"""<?php
$DB['TYPE'] = 'POSTGRESQL';
$DB['SERVER'] = '';
$DB['PORT'] = '{DATABASE_PORT}';
$DB['DATABASE'] = 'zabbix';
$DB['USER'] = 'zabbix';
$DB['PASSWORD'] = '';
$DB['SCHEMA'] = '';
$DB['ENCRYPTION'] = false;
$DB['DOUBLE_IEEE754'] = true;
$ZBX_SERVER = '{HOST}';
$ZBX_SERVER_PORT = '{SERVER_PORT}';
$ZBX_SERVER_NAME = 'emailmon';
$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
"""


# --- the database ---

def postgresql(folder):
    settings = [f"--{name}={value}" for name, value in POSTGRESQL_SETTINGS.items()]
    return Service("postgresql", [POSTGRESQL + "postgres", "-D", folder, *settings],
                   lambda: os.path.exists(in_root(f"{SOCKETS}/.s.PGSQL.{DATABASE_PORT}")) and database_answers(),
                   user="postgres")


def psql(*arguments, user="postgres"):
    return processes.run(POSTGRESQL + "psql", "-q", "-h", SOCKETS, "-p", str(DATABASE_PORT), "-U", user,
                         "-v", "ON_ERROR_STOP=1", *arguments)


def database_answers():
    with contextlib.suppress(LabError):
        return bool(psql("-c", "SELECT 1", "postgres"))
    return False


def make_pristine():
    """A cluster with Zabbix's own schema, images and templates: made once, because it takes long."""
    if os.path.exists(in_root(PRISTINE)):
        return
    making = PRISTINE + ".making"
    shutil.rmtree(in_root(making), ignore_errors=True)
    processes.run(*as_user("postgres", POSTGRESQL + "initdb", "-D", making, "-A", "trust", "-E", "UTF8",
                           "--locale=C.UTF-8"))
    with postgresql(making):
        psql("-c", "CREATE ROLE zabbix LOGIN", "-c", "CREATE DATABASE zabbix OWNER zabbix", "postgres")
        for file in SCHEMA:
            processes.run("sh", "-c", f"zcat {file} | {POSTGRESQL}psql -q -h {SOCKETS} -p {DATABASE_PORT} "
                          "-U zabbix -v ON_ERROR_STOP=1 zabbix >/dev/null", timeout_s=300)
    os.rename(in_root(making), in_root(PRISTINE))


@contextlib.contextmanager
def database():
    os.makedirs(in_root(SOCKETS), exist_ok=True)
    shutil.chown(in_root(SOCKETS), *owner("postgres"))
    make_pristine()
    shutil.rmtree(in_root(CLUSTER), ignore_errors=True)
    processes.run("cp", "-a", PRISTINE, CLUSTER)
    with postgresql(CLUSTER):
        yield


def owner(user):
    """(uid, gid) in the private root, whose users are not the machine's."""
    with open(in_root("/etc/passwd"), encoding="utf-8") as passwd:
        fields = next(line.split(":") for line in passwd if line.startswith(user + ":"))
    return int(fields[2]), int(fields[3])


# --- the server, the receiver of notifications, the API ---

def server():
    write("/etc/zabbix/test_server.conf", SERVER)
    os.makedirs(in_root("/run/zabbix"), exist_ok=True)
    shutil.chown(in_root("/run/zabbix"), *owner("zabbix"))
    return Service("zabbix_server", ["/usr/sbin/zabbix_server", "-f", "-c", "/etc/zabbix/test_server.conf"],
                   server_answers, user="zabbix")


def server_answers():
    """It listens when its trappers have begun, which is after the caches were filled."""
    return world.is_open(HOST, SERVER_PORT)


def receiver():
    """By the files that emailmon brings for it, where its unit has them and as its user, at a port of the tests."""
    write(RECEIVER, world.console_file("zabbix/receive-traps"), 0o755)
    write(RECEIVER_CONF, world.console_file("zabbix/snmptrapd.conf"))
    folder = in_root(os.path.dirname(TRAPS_FILE))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    shutil.chown(folder, *owner(RECEIVER_USER))
    return Service("receive-traps", [RECEIVER, RECEIVER_CONF, TRAPS_FILE, f"udp:{TRAPS}"],
                   lambda: os.path.exists(in_root(TRAPS_FILE)) and os.path.getsize(in_root(TRAPS_FILE)),
                   user=RECEIVER_USER, MIBS="")


def api():
    write("/etc/zabbix/zabbix.conf.php", FRONTEND)
    command = ["/usr/bin/php8.2", "-S", f"{HOST}:{API_PORT}", "-t", "/usr/share/zabbix", "-d", "memory_limit=512M",
               "-d", "max_execution_time=300", "-d", "post_max_size=16M", "-d", "date.timezone=UTC"]
    return Service("zabbix-api", command, lambda: world.is_open(HOST, API_PORT), PHP_CLI_SERVER_WORKERS="2")


class Api:
    """JSON-RPC, logged in as the administrator of a new installation."""

    def __init__(self):
        self.token = None
        self.token = self("user.login", username="Admin", password="zabbix")

    def __call__(self, method, **parameters):
        return self.call(method, parameters)

    def call(self, method, parameters):
        request = {"jsonrpc": "2.0", "method": method, "params": parameters, "id": 1, "auth": self.token}
        posted = urllib.request.Request(f"http://{HOST}:{API_PORT}/api_jsonrpc.php", json.dumps(request).encode(),
                                        {"Content-Type": "application/json-rpc"})
        with urllib.request.urlopen(posted, timeout=300) as answer:
            answered = json.load(answer)
        if "error" in answered:
            raise LabError(f"{method}: {answered['error']['data']}")
        return answered["result"]

    def import_template(self, text):
        """As the frontend's import does with all its boxes ticked."""
        create = {"createMissing": True}
        change = {**create, "updateExisting": True}
        replace = {**change, "deleteMissing": True}
        self("configuration.import", format="yaml", source=text, rules={
            "groups": change, "templates": change, "valueMaps": replace, "items": replace, "triggers": replace,
            "graphs": replace, "discoveryRules": replace, "templateDashboards": replace,
            "templateLinkage": create, "httptests": replace})


@contextlib.contextmanager
def running():
    """All of it; yields the Api."""
    with database(), receiver(), server(), api():
        yield wait_for(logged_in, 30, "the API of Zabbix")


def logged_in():
    with contextlib.suppress(OSError):
        return Api()
    return None


class Device:
    """A host of Zabbix that is snmpd's machine, linked with a template; gone at the end.  `macros`: of emailmon's."""

    def __init__(self, api, address, name, template, **macros):
        self.api, self.name = api, name
        self.ip, self.port = address.split(":")
        self.template = template
        self.macros = macros

    def __enter__(self):
        group = self.api("hostgroup.get", filter={"name": ["Discovered hosts"]})[0]["groupid"]
        template = self.api("template.get", filter={"host": [self.template]})[0]["templateid"]
        snmp = {"type": 2, "main": 1, "useip": 1, "ip": self.ip, "dns": "", "port": self.port,
                "details": {"version": 2, "bulk": 1, "community": "public"}}
        self.id = self.api("host.create", host=self.name, interfaces=[snmp], groups=[{"groupid": group}],
                           templates=[{"templateid": template}],
                           macros=[{"macro": "{$EMAILMON.%s}" % name.replace("_", "."), "value": value}
                                   for name, value in self.macros.items()])["hostids"][0]
        return self

    def __exit__(self, *_):
        self.api.call("host.delete", [self.id])

    def items(self):
        """{key: item} of the host, those that were discovered too."""
        found = self.api("item.get", hostids=self.id, output=["key_", "lastvalue", "lastclock", "state", "error"])
        return {item["key_"]: item for item in found}

    def wait_value(self, key, wanted, timeout_s):
        """Until the last value of an item is `wanted` (or `wanted(value)`)."""
        fits = wanted if callable(wanted) else lambda value: value == wanted

        def there():
            item = self.items().get(key)
            return item if item and item["lastclock"] != "0" and fits(item["lastvalue"]) else None
        try:
            return wait_for(there, timeout_s, f"{key} to be {wanted}")
        except LabError as error:
            raise LabError(f"{error}; it is {self.items().get(key)}") from None

    def problems(self):
        """{name: problem} that are open."""
        return {problem["name"]: problem for problem in
                self.api("problem.get", hostids=self.id, output="extend", selectTags="extend")}

    def told(self):
        """The names of all problems that there ever were, in that order."""
        return [event["name"] for event in self.api("event.get", hostids=self.id, value=1, sortfield="eventid")]

    def poll_now(self):
        """Ask for every item and rule at once, as the button of the frontend does."""
        items = self.api("item.get", hostids=self.id, filter={"type": 20}, output=["itemid"])
        rules = self.api("discoveryrule.get", hostids=self.id, output=["itemid"])
        self.api.call("task.create", [{"type": 6, "request": {"itemid": one["itemid"]}} for one in items + rules])
