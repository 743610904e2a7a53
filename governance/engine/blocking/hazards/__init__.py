"""The checks that shipped command entries name: what a command line would destroy, run or send."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from governance.engine.blocking.hazards import (
    clouds,
    clusters,
    containers,
    databases,
    machine,
    provisioning,
    remote_code,
    removal,
    repositories,
)
from governance.engine.normalise.shell.command import Program
from governance.engine.normalise.shell.commands import Commands

Check = Callable[[Program], Iterator[str]]


def _table() -> dict[str, tuple[Check, ...]]:
    named: Mapping[Check, str] = {
        removal.remove: "rm rmdir unlink trash srm rimraf grm trash-put",
        removal.find: "find gfind",
        removal.move: "mv gmv",
        removal.overwrite: "cp tee truncate shred ln install sed rsync wipe srm scrub sdelete sdelete64 gshred",
        removal.permissions: "chmod chown chgrp setfacl chattr icacls takeown cacls",
        removal.windows_remove: "del erase rd rmdir remove-item ri rm rimraf",
        machine.disk: "dd dcfldd dc3dd mkfs mke2fs mkswap newfs mkntfs mkdosfs wipefs blkdiscard "
        "badblocks sgdisk sfdisk parted fdisk cfdisk gdisk hdparm nvme cryptsetup mdadm "
        "lvremove vgremove pvremove zpool zfs btrfs diskutil format diskpart "
        "format-volume clear-disk initialize-disk remove-partition reset-physicaldisk cipher",
        machine.power: "reboot halt poweroff stop-computer restart-computer shutdown init telinit "
        "systemctl loginctl kill killall5 pkill killall sysctl",
        machine.protection: "iptables ip6tables iptables-legacy iptables-nft nft ufw setenforce systemctl "
        "service rc-service launchctl sc net stop-service set-service auditctl netsh "
        "set-netfirewallprofile set-mppreference add-mppreference spctl csrutil "
        "fdesetup tmutil aa-teardown aa-disable vssadmin wbadmin bcdedit wmic reg",
        machine.traces: "history unset wevtutil clear-eventlog clear-history remove-eventlog journalctl fsutil",
        machine.accounts: "userdel deluser groupdel delgroup remove-localuser remove-aduser passwd "
        "usermod gpasswd adduser addgroup useradd chpasswd newusers dscl crontab setcap",
        machine.packages: "apt apt-get aptitude dpkg yum dnf rpm pacman apk zypper",
        provisioning.terraform: "terraform tofu terragrunt pulumi cdk serverless sls sst copilot "
        "amplify sam eb cdktf wrangler",
        clusters.kubernetes: "kubectl oc k k3s microk8s helm eksctl kops argocd flux istioctl "
        "rancher kubeadm linkerd velero etcdctl consul vault nomad",
        clouds.cloud: "aws gcloud gsutil mc rclone s3cmd s5cmd b2 ossutil az ibmcloud oci aliyun "
        "doctl linode-cli hcloud scw vultr-cli openstack exo civo bx azd heroku fly "
        "flyctl vercel netlify railway render dokku cf supabase firebase planetscale "
        "pscale neonctl turso atlas gh glab hub tea virsh vagrant vboxmanage multipass qm pct xe govc vim-cmd prlctl "
        "lxc incus limactl",
        containers.containers: "docker podman nerdctl docker-compose podman-compose",
        repositories.repository: "git",
        databases.databases: "dropdb dropuser pg_dropcluster mysqladmin redis-cli valkey-cli "
        "keydb-cli rails rake php artisan npx prisma yarn pnpm bunx npm "
        "sequelize sequelize-cli typeorm knex drizzle-kit bun manage.py "
        "django-admin alembic flask python python3 "
        "mix supabase hasura dotnet liquibase flyway dbmate diesel sqlx goose kafka-topics kafka-topics.sh "
        "rabbitmqctl curl http wget bq influx",
        remote_code.connects_back: "nc ncat netcat nc.traditional nc.openbsd pwncat socat openssl "
        "msfvenom msfconsole certutil mshta regsvr32 rundll32 msiexec "
        "installutil wscript cscript bitsadmin sh bash zsh dash ksh ash",
        remote_code.sends_environment: "curl wget nc ncat netcat socat telnet ssh ftp http https scp "
        "rsync openssl mail mailx sendmail xh",
    }
    table: dict[str, tuple[Check, ...]] = {}
    for check, names in named.items():
        for name in names.split():
            table[name] = (*table.get(name, ()), check)
    return table


CHECKS: Mapping[str, tuple[Check, ...]] = _table()
_READERS = re.compile(
    r"(?:sh|bash|zsh|dash|ksh|mksh|ash|fish|csh|tcsh|python|perl|ruby|node|php|lua|deno|bun|osascript|pwsh|powershell"
    r"|iex|invoke-expression|source|\.|eval)[\d.]*$"
)


def command_hazards(commands: Commands, text: str) -> set[str]:
    """The ids of the checks that the command line meets; `text` is the line as written."""
    found: set[str] = set()
    for command in commands.commands:
        name = command.name
        checks = CHECKS.get(name)
        if checks is not None:
            for check in checks:
                found.update(check(command))
        elif name.startswith("mkfs"):
            found.update(machine.disk(command))
        elif not name:
            found.update(removal.unknown_remover(command))
        if _READERS.match(name):
            found.update(remote_code.reads_remote(command))
        if command.code:
            found.update(remote_code.code_hazards(command.code))
    for operator, target in commands.targets:
        found.update(removal.redirected(operator, target))
    if commands.runs_fetched:
        found.add("pipe-to-shell")
    if commands.runs_decoded:
        found.add("encoded-shell")
    found.update(remote_code.downloaded_then_run(commands))
    if commands.functions or "%0" in text or "fork" in text:
        if machine.fork_bomb(text):
            found.add("fork-bomb")
    if (
        "/dev/tcp/" in text
        or "/dev/udp/" in text
        or "ownload" in text
        or "iex" in text.lower()
        or "TCPClient" in text
        or "nvoke-" in text
    ):
        found.update(remote_code.code_hazards(text))
    return found
