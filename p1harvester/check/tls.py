"""TLS to a database: whom it trusts, and how it comes by the certificate that shows who answers."""

import os
import re
from contextlib import suppress
from shlex import quote

from p1harvester.check.client import Advice, dsn, in_client, is_here
from p1harvester.errors import StoreFailed
from p1harvester.survey import Survey
from p1harvester.user import user

COPY = "/etc/ssl/certs/p1harvester-db.pem"
_FAULTS = (
    r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|does not match host name"
    r"|\[X509|no start line|could not read root certificate|root certificate file"
)
_UNOFFERED = r"SSL is required but|does not support SSL|server doesn't support it"
_OTHER_NAME = r"ostname mismatch|IP address mismatch|does not match host name"
_MYSQL_FILES = ("@@ssl_ca", "@@ssl_cert", "@@datadir")


def is_at_fault(survey: Survey, text: str) -> bool:
    """Whether TLS keeps us out, by the words of the server or of the driver."""
    return not _is_readable(survey) or re.search("|".join((_FAULTS, _UNOFFERED)), text) is not None


def _is_readable(survey: Survey) -> bool:
    return os.access(_named_certificate(survey) or "/", os.R_OK)


def fault(survey: Survey, text: str) -> Advice:
    """What is wrong with the TLS that the DSN asks for."""
    if not _is_readable(survey):
        means = f"The certificate that P1_DSN names, {_named_certificate(survey)}, is not there, or closed to {user()}."
        return means, *_trusting(survey)
    if re.search(_UNOFFERED, text):
        if is_here(survey):
            return "P1_DSN wants TLS, and this server has none; within one host it protects nothing.", _by_socket(
                survey
            )
        return (
            "P1_DSN wants TLS, and this server has none until it is given a certificate.",
            *_make_certificate(survey),
        )
    if re.search(_OTHER_NAME, text):
        return (
            "The certificate is the right one, but was made out to another name than P1_DSN's. If it is this server's"
            " own, and has signed no other, that may be passed over:",
            _with_certificate(survey, _named_certificate(survey) or COPY, loose=True),
        )
    if re.search("expired|not yet valid", text):
        means = "The certificate's time is over, or this host's clock is wrong. A new one is made on the server:"
        return means, *_make_certificate(survey), "date     # is it now?"
    return (
        "Nobody whom P1_DSN trusts has signed this server's certificate. One that the server made for itself is trusted"
        " by itself alone: its own file must be here, brought by a way that nobody can have changed.",
        *_trusting(survey),
    )


def wanted(survey: Survey) -> Advice:
    """What mends that the server lets us in only over TLS."""
    return "The server lets this account in over TLS only.", *_trusting(survey)


def unverified(survey: Survey) -> Survey:
    """The same way over TLS, whoever answers: to find out what is wrong, not to store."""
    return survey.by(
        survey.host, {"sslmode": "require"} if survey.kind == "postgresql" else {"ssl_check_hostname": "false"}
    )


def _trusting(survey: Survey) -> Advice:
    file = _certificate(unverified(survey))
    if file and is_here(survey) and os.access(file, os.R_OK):
        return (_verified(survey, file),)
    return _fetch(survey, file)


def asked_for_the_password(survey: Survey) -> Advice:
    """How a server gets a password that it asks for in full."""
    means = (
        "Whoever listens there may be another than the server. Over its unix socket, or over TLS with a certificate"
        " that is verified, it gets what it asks for:"
    )
    if is_here(survey):
        return means, _by_socket(survey)
    return means, _with_certificate(survey, "/FOLDER/ca.pem") + f"     # whoever signed {survey.host}'s certificate"


def _by_socket(survey: Survey) -> str:
    if survey.kind == "postgresql":
        return dsn(survey, host="/var/run/postgresql")
    return dsn(survey, unix_socket="/run/mysqld/mysqld.sock")


def _with_certificate(survey: Survey, file: str, *, loose: bool = False) -> str:
    if survey.kind == "postgresql":
        return dsn(survey, sslmode="verify-ca" if loose else "verify-full", sslrootcert=file)
    return dsn(survey, ssl_ca=file, **({"ssl_check_hostname": "false"} if loose else {}))


def _named_certificate(survey: Survey) -> str | None:
    return survey.query.get("sslrootcert" if survey.kind == "postgresql" else "ssl_ca")


def _verified(survey: Survey, file: str) -> str:
    """The DSN that trusts this file; where that is made out to another name, the name is passed over."""
    if survey.kind == "postgresql":
        trusting = survey.by(survey.host, {"sslmode": "verify-full", "sslrootcert": file})
    else:
        trusting = survey.by(survey.host, {"ssl_ca": file})
    refused = trusting.refusal()
    return _with_certificate(survey, file, loose=bool(refused and re.search(_OTHER_NAME, refused.reason)))


def _certificate(encrypted: Survey) -> str | None:
    """The file on the server by which its certificate is verified, as the server says; None where it has none."""
    with suppress(StoreFailed):
        if encrypted.kind == "postgresql":
            [file] = encrypted.ask("SHOW ssl_cert_file")
            return str(file) if str(file).startswith("/") else None
        authority, own, folder = (str(each or "") for each in encrypted.ask(f"SELECT {', '.join(_MYSQL_FILES)}"))
        if found := authority or own:
            return found if found.startswith("/") else folder + found
    return None


def _fetch(survey: Survey, file: str | None = None) -> Advice:
    """How the server's certificate comes here; `file` is it, where the server told."""
    asks = "SHOW ssl_cert_file" if survey.kind == "postgresql" else "SELECT @@ssl_ca, @@ssl_cert, @@datadir"
    look = () if file else (in_client(survey, asks, "", "its certificate's file; none: see sql/README.md, TLS"),)
    file = file or "/FILE"
    if is_here(survey):
        brings = f"sudo install -m 644 {quote(file)} {COPY}"
    else:
        brings = f"ssh {quote(str(survey.host))} sudo cat {quote(file)} | sudo install -m 644 /dev/stdin {COPY}"
    return *look, brings, _with_certificate(survey, COPY)


def _make_certificate(survey: Survey) -> Advice:
    return "sql/README.md, TLS     # how a server gets one", _with_certificate(survey, COPY)
