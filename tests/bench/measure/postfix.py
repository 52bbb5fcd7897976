# SPDX-License-Identifier: Apache-2.0
"""Postfix as a peer: its queue on the same disk, fsync on as always, and tuned for the benchmark."""
import shutil
from pathlib import Path

from lab.processes import SCRATCH, Process, run, wait_port

# Found by trying: 10 connections to one destination are the best of 10, 20, 50 and 100 when the receiver answers at
# once; its connection cache costs more CPU time than a new connection on loopback; in_flow_delay and anvil's limits
# only hold a load generator back.
MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
daemon_directory = /usr/lib/postfix/sbin
meta_directory = {home}/conf
mail_owner = postfix
setgid_group = postdrop
myhostname = mta.origin.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
alias_database =
biff = no
smtputf8_enable = no
maillog_file = {home}/postfix.log
maillog_file_prefixes = /tmp
in_flow_delay = 0
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
receive_override_options = no_address_mappings
default_process_limit = {processes}
max_use = 10000
qmgr_message_active_limit = 100000
qmgr_message_recipient_limit = 200000
qmgr_clog_warn_time = 0
smtp_destination_concurrency_limit = {concurrency}
initial_destination_concurrency = {concurrency}
default_destination_concurrency_failed_cohort_limit = 20
smtp_connection_cache_on_demand = no
smtp_connection_reuse_count_limit = 0
smtp_pix_workarounds =
smtp_tls_security_level = none
smtp_host_lookup = dns
smtp_dns_resolver_options =
{relay}
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class TunedPostfix:
    """`relay`: all mail to one host; otherwise by MX. Port 2526."""

    port = 2526

    def __init__(self, relay=True, processes=300, concurrency=10):
        home = self._home = SCRATCH / "postfix-peer"
        shutil.rmtree(home, ignore_errors=True)
        for part in ("conf", "queue", "data"):
            (home / part).mkdir(parents=True)
        home.chmod(0o755)
        shutil.chown(home / "data", "postfix")
        for part in ("postfix-files", "post-install", "postfix-script"):
            if Path("/etc/postfix", part).exists():
                shutil.copy(f"/etc/postfix/{part}", home / "conf")
        self.settings = f"processes={processes} concurrency={concurrency}"
        (home / "conf" / "main.cf").write_text(MAIN.format(
            home=home, processes=processes, concurrency=concurrency, relay="relayhost = [127.0.0.2]:25" if relay else ""))
        (home / "conf" / "master.cf").write_text(MASTER.format(port=self.port))
        self.process = Process("postfix-peer", ["postfix", "-c", home / "conf", "start-fg"])
        wait_port("127.0.0.1", self.port, self.process)

    @property
    def groups(self):
        return {"server": [self.process.pid]}

    def settled(self):
        return True

    def stop(self):
        run(["postfix", "-c", self._home / "conf", "stop"], check=False)
        self.process.stop()
        shutil.rmtree(self._home, ignore_errors=True)
