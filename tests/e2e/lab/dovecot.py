# SPDX-License-Identifier: Apache-2.0
"""Dovecot as a submission server (SASL: SCRAM, CRAM-MD5, PLAIN) and as an LMTP server."""
import shutil

from lab.processes import SCRATCH, Process, run, wait_port, wait_until
from lab.receivers import Receiver


class Dovecot(Receiver):
    """Submission with STARTTLS on address:587 and implicit TLS on address:465, relaying to
    relay_address:25; LMTP on a unix socket and on address:24."""

    def __init__(self, address, certificate, key, relay_address, users, mechanisms="scram-sha-256 scram-sha-1 cram-md5 plain login"):
        home = SCRATCH / "dovecot"
        (home / "mail").mkdir(parents=True)
        home.chmod(0o755)
        shutil.chown(home / "mail", "vmail", "vmail")
        self.maildir = home / "mail" / "box"
        self.lmtp_socket = home / "run" / "lmtp"
        self.log = home / "dovecot.log"
        uid, gid = run(["id", "-u", "vmail"]).stdout.strip(), run(["id", "-g", "vmail"]).stdout.strip()
        passwords = home / "users"
        passwords.write_text("".join(f"{name}:{{PLAIN}}{password}\n" for name, password in users.items()))
        config = home / "dovecot.conf"
        config.write_text(f"""
base_dir = {home}/run
state_dir = {home}/state
log_path = {self.log}
auth_verbose = yes
protocols = submission lmtp
listen = {address}
hostname = dovecot.test
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
auth_mechanisms = {mechanisms}
disable_plaintext_auth = yes
first_valid_uid = 100
mail_location = maildir:{home}/mail/box
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {passwords}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail allow_all_users=yes
}}
submission_relay_host = {relay_address}
submission_relay_port = 25
submission_relay_trusted = no
service submission-login {{
  inet_listener submission {{
    port = 587
  }}
  inet_listener submissions {{
    port = 465
    ssl = yes
  }}
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0666
  }}
  inet_listener lmtp {{
    address = {address}
    port = 24
  }}
}}
protocol lmtp {{
  auth_username_format = %n
}}
""")
        self.process = Process("dovecot", ["dovecot", "-F", "-c", config])
        wait_port(address, 587, self.process)
        wait_until(self.lmtp_socket.exists, "Dovecot's LMTP socket")
