"""A cheap look at all strings of a call at once: whether any of them could be more than plain data."""

from __future__ import annotations

from governance.engine.detection.patterns import UNANCHORED, regexp

_WORDS = (
    "rm|dd|sh|bash|zsh|dash|ksh|sudo|curl|wget|nc|ncat|eval|exec|mkfs|mkfs\\.\\w+|chmod|chown|mv|find|shutdown|reboot|halt|poweroff|kill|killall|pkill|del|erase|rd|rmdir|format|diskpart|fdisk|parted|wipefs|shred|truncate|"
    "iptables|ufw|setenforce|systemctl|service|vssadmin|wbadmin|bcdedit|wmic|wevtutil|history|userdel|usermod|useradd|passwd|chpasswd|crontab|terraform|tofu|terragrunt|pulumi|cdk|kubectl|helm|eksctl|kops|aws|gcloud|gsutil|az|"
    "doctl|heroku|docker|podman|gh|git|dropdb|mysqladmin|redis-cli|psql|mysql|sqlite3|mongo|mongosh|rails|rake|artisan|npx|prisma|python3?|perl|ruby|node|php|awk|xargs|env|busybox|powershell|pwsh|cmd|iex|iwr|certutil|mshta|regsvr32|bitsadmin|"
    "remove-item|invoke-expression|net|netsh|reg|cat|less|more|head|tail|cp|scp|rsync|ssh|socat|telnet|tee|unlink|tar|zip|base64|xxd|openssl|source|diskutil|zpool|zfs|lvremove|vgremove|cryptsetup|hdparm|init|apt|apt-get|yum|dnf|rpm|"
    "dpkg|pacman|format-volume|clear-disk|stop-computer|set-mppreference|virsh|vagrant|flyctl|fly|firebase|supabase|etcdctl|consul|vault|nomad|argocd|flux|istioctl|velero|rclone|gpg|type|get-content|gc|vim?|nano|strings|xdg-open|"
    "drop|delete|update|alter|grant|insert|select|copy|merge|load|with|call|declare|begin|do|execute|dropdatabase|deletemany|flushall|flushdb|detach|\\$out|deletes|system|os|subprocess|child_process|unlinksync|rmtree|rmsync"
)

_SUSPECT = regexp(
    r"(?i)(?:^|[^\w.-])(?:"
    + _WORDS
    + r")(?:\.exe)?(?:$|[^\w.-])|//|\\|%[0-9a-f]{2}|\.\.|[~$`;|<>]|(?:^|[/\s\"'=@])\.[a-z]|&&|::|\b0x|(?:^|\s)[a-z]:|"
    r"\.\w+\s?\(|\d{1,3}\.\d{1,3}|(?:^|\s)[\w-]+\.(?:[\w-]+\.)*[a-z]{2,24}(?:$|[\s:/?#])|(?:^|\s)[A-Za-z0-9+/_-]{24,}={0,2}(?:$|\s)|[^\x00-\x7f]|/\*|\x00|/etc/|/proc/|/run/|/root|/boot|/windows|appdata|shadow|sudoers|environ|keytab|\.kdb|\.jks|\.p12|\.pfx|\.ppk|vault|tfstate|chrom|firefox|brave|opera|wp-config|letsencrypt|wireguard|openvpn|ipsec|samba|azure|tdata|signal|slack|discord|exodus|metamask|bitwarden|history|netrc|docker|kube|service.?account|credential|secret|_rsa|ed25519|_dsa|ecdsa|\.boto|ntds|dslocal|/sss/|/sam\b|\.s3cfg|rclone|passw|private|id_rsa|key|wallet|cookie|login|token|metadata|instance-data"
)


def is_suspect(text: str) -> bool:
    """Whether `text` (one string or many, joined by line ends) needs a closer look; False only for plain data."""
    raw = text.encode()
    return bool(_SUSPECT.Match(UNANCHORED, raw, 0, len(raw))[0][0] >= 0)
