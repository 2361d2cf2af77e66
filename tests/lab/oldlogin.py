"""Doors that know the protocols' own logins only: USER and PASS of POP3, LOGIN of IMAP.

Dovecot offers SASL PLAIN wherever it takes those.  So the rows with the login `user` are small proxies before its door
with PLAIN: they do the TLS, and strike SASL from what it says until somebody has logged in.
"""

import asyncio
import re
import socket
import ssl

import certs
import processes
from listeners import LISTENERS

COMMAND = "lab-oldlogin"
SASL = re.compile(rb" (AUTH=\S+?|SASL-IR)(?=[\s\]])")
LOGGED_IN = re.compile(rb"^(\+OK|\S+ OK) .*[Ll]ogged in")

# What is answered before STARTTLS: command -> reply; %s is IMAP's tag
BEFORE_TLS = {
    "pop3": {b"CAPA": b"+OK\r\nCAPA\r\nSTLS\r\nUSER\r\n.\r\n", b"STLS": b"+OK Begin TLS\r\n", b"QUIT": b"+OK\r\n",
             b"": b"-ERR TLS first\r\n"},
    "imap": {b"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n%s OK done\r\n",
             b"STARTTLS": b"%s OK Begin TLS\r\n", b"LOGOUT": b"* BYE bye\r\n%s OK done\r\n",
             b"": b"%s BAD TLS first\r\n"},
}
GREETING = {"pop3": b"+OK ready\r\n", "imap": b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n"}


def rows():
    return [row for row in LISTENERS.values() if row.login == "user"]


def bare(line):
    """A line of the server without SASL; b"" when nothing is left of it."""
    return b"" if line.startswith(b"SASL ") else SASL.sub(b"", line)


async def until_tls(row, client, server, context):
    """Speak for the server until the client has asked for TLS; whether it has."""
    await server[0].readline()                     # its greeting; ours stands for it
    client[1].write(GREETING[row.protocol])
    while line := await client[0].readline():
        words = line.split() or [b""]
        tag, command = (words[0], words[-1].upper()) if row.protocol == "imap" else (b"", words[0].upper())
        replies = BEFORE_TLS[row.protocol]
        client[1].write(replies.get(command, replies[b""]).replace(b"%s", tag))
        await client[1].drain()
        if command in (b"STLS", b"STARTTLS"):
            await client[1].start_tls(context)
            return True
        if command in (b"QUIT", b"LOGOUT"):
            return False
    return False


async def copy(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def copy_without_sasl(reader, writer):
    while line := await reader.readline():
        writer.write(bare(line))
        await writer.drain()
        if LOGGED_IN.match(line):
            break
    await copy(reader, writer)


async def talk(row, context, client):
    plain = LISTENERS[f"{row.protocol}/none/plain"]
    server = await asyncio.open_connection(plain.host, plain.port)
    try:
        if row.security != "starttls" or await until_tls(row, client, server, context):
            await asyncio.gather(copy(client[0], server[1]), copy_without_sasl(server[0], client[1]))
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        client[1].close()
        server[1].close()


def serve(sockets):
    asyncio.run(serve_all(sockets))


async def serve_all(sockets):
    for row, door in zip(rows(), sockets):
        def accept(reader, writer, row=row):
            return talk(row, serve_all.context, (reader, writer))
        await asyncio.start_server(accept, sock=door, ssl=serve_all.context if row.security == "tls" else None,
                                   backlog=200)
    await asyncio.Event().wait()


def start():
    serve_all.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serve_all.context.load_cert_chain(certs.path("good.pem"), certs.path("good.key"))
    doors = []
    for row in rows():
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((row.host, row.port))
        doors.append(door)
    processes.start_function(COMMAND, serve, doors)
    for door in doors:
        door.close()
