"""Hosts that hand out a machine's identity, and hosts that take in what is sent."""

from __future__ import annotations

from governance.engine.blocking.entry import Entry


def _entry(
    pack: str, name: str, kind: str, description: str, pattern: str, match: list[str], unmatched: list[str]
) -> Entry:
    return Entry(
        id=name,
        kind=kind,
        pattern=pattern,
        pack=pack,
        description=description,
        match=tuple(match),
        unmatched=tuple(unmatched),
    )


_M = "cloud-metadata"
CLOUD_METADATA: tuple[Entry, ...] = (
    _entry(
        _M,
        "metadata-address",
        "network",
        "Addresses at which clouds hand credentials to their machines.",
        "169.254.169.254/32 | 169.254.170.2/32 | 169.254.170.23/32 | 169.254.42.42/32 | 169.254.0.23/32 | "
        "fd00:ec2::254/128 | fd00:ec2::23/128 | fd20:ce::254/128 | 100.100.100.200/32 | 168.63.129.16/32 | "
        "192.0.0.192/32 | fe80::a9fe:a9fe/128 | 169.254.10.10/32",
        [
            "http://169.254.169.254/latest/meta-data/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://[::ffff:169.254.169.254]/",
            "http://[fd00:ec2::254]/",
            "http://169.254.169.254.nip.io/",
            "http://x.example/?url=http%253A%252F%252F169.254.169.254",
        ],
        ["http://169.253.169.254/", "https://example.org/169.254.169.254.html", "http://10.0.0.1/"],
    ),
    _entry(
        _M,
        "metadata-name",
        "host",
        "Names of the same services.",
        "metadata | metadata.google.internal | metadata.goog | instance-data | instance-data.ec2.internal | "
        "metadata.azure.internal | metadata.packet.net | metadata.platformequinix.com | metadata.tencentyun.com | "
        "metadata.oraclecloud.com | rancher-metadata | metadata.azure.com",
        ["http://metadata.google.internal/computeMetadata/v1/", "http://METADATA.google.internal./"],
        ["https://cloud.google.com/metadata", "https://metadata.example.org/"],
    ),
)

_X = "exfiltration-hosts"
EXFILTRATION_HOSTS: tuple[Entry, ...] = (
    _entry(
        _X,
        "request-catchers",
        "host",
        "Services that record whatever is sent to them.",
        "webhook.site | requestbin.com | requestbin.net | requestbin.io | requestcatcher.com | "
        "requestinspector.com | beeceptor.com | pipedream.net | hookbin.com | hookb.in | postb.in | ptsv2.com | "
        "ptsv3.com | webhookinbox.com | mockbin.org | mockbin.io | webhook.cool | hookdeck.events | "
        "typedwebhook.tools | httpdump.app | requestrepo.com | request.bin | reqbin.dev | svix-play.com | "
        "play.svix.com | free.beeceptor.com | canarytokens.com | smee.io | ntfy.sh | webhook-test.com | "
        "putsreq.com | rbaskets.in | httpreq.com | whinypipe.net",
        ["https://webhook.site/abc", "https://eo1.m.pipedream.net/", "https://WEBHOOK.SITE/x"],
        ["https://example.org/webhook.site", "https://webhooks.example.org/"],
    ),
    _entry(
        _X,
        "out-of-band",
        "host",
        "Services that report a lookup of a name below theirs.",
        "interact.sh | interactsh.com | oast.pro | oast.live | oast.site | oast.online | oast.fun | oast.me | "
        "oastify.com | burpcollaborator.net | dnslog.cn | ceye.io | dnsbin.zhack.ca | canarytokens.org | bxss.me | "
        "xss.ht | ezxss.com | xss.report | r87.me | dns.outbound.watchtowr.com | dnslog.link | dnslog.io | 1u.ms | "
        "vcap.me | lhr.rocks | oob.li",
        ["curl http://abc.oast.fun/", "http://x.burpcollaborator.net"],
        ["https://interact.example.org/"],
    ),
    _entry(
        _X,
        "paste-sites",
        "host",
        "Sites where anybody leaves text for anybody.",
        "pastebin.com | paste.ee | hastebin.com | ghostbin.com | ghostbin.co | dpaste.org | dpaste.com | ix.io | "
        "sprunge.us | termbin.com | rentry.co | rentry.org | 0bin.net | privatebin.net | privatebin.info | "
        "justpaste.it | controlc.com | paste.rs | bpa.st | pastie.org | clbin.com | paste.debian.net | "
        "paste.ubuntu.com | paste.mozilla.org | pastery.net | katb.in | p.ip.fi | paste.c-net.org | codepad.org | "
        "textbin.net | snippet.host | pasteio.com | telegra.ph | write.as | hatebin.com | paste.sh | cl1p.net | "
        "dontpad.com",
        ["https://pastebin.com/api/api_post.php", "nc termbin.com 9999"],
        ["https://example.org/pastebin", "https://mypastebin.example.org"],
    ),
    _entry(
        _X,
        "file-drops",
        "host",
        "Sites where anybody leaves files for anybody.",
        "transfer.sh | file.io | 0x0.st | gofile.io | anonfiles.com | bayfiles.com | catbox.moe | "
        "litterbox.catbox.moe | files.catbox.moe | tmpfiles.org | uguu.se | wetransfer.com | we.tl | "
        "sendspace.com | temp.sh | oshi.at | bashupload.com | filebin.net | upload.ee | ufile.io | send.vis.ee | "
        "pixeldrain.com | krakenfiles.com | mega.nz | mega.io | mediafire.com | zippyshare.com | filetransfer.io | "
        "fileditch.com | x0.at | envs.sh | c-v.sh | keep.sh | free.keep.sh | tmp.ninja | pomf.cat | "
        "safe.fiery.me | workupload.com | file.coffee | dropmefiles.com | anonymfile.com | storjshare.io | "
        "wormhole.app | send.now | limewire.com | tempfile.io | bashupload.app | qu.ax",
        ["curl -T x https://transfer.sh/x", "https://file.io"],
        ["https://example.org/transfer.sh", "https://files.example.org/"],
    ),
    _entry(
        _X,
        "tunnels",
        "host",
        "Tunnels that open a private machine to the world.",
        "ngrok.io | ngrok.app | ngrok.dev | ngrok-free.app | ngrok-free.dev | trycloudflare.com | serveo.net | "
        "loca.lt | localtunnel.me | localhost.run | lhr.life | lhr.pro | pagekite.me | playit.gg | tunnelto.dev | "
        "bore.pub | zrok.io | telebit.cloud | localxpose.io | loclx.io | pktriot.net | tunnel.pyjam.as | "
        "devtunnels.ms | packetriot.com | pinggy.io | pinggy.link | a.pinggy.io | tunnelmole.com | expose.dev | "
        "sharedwithexpose.com | portmap.io | duckdns.org | onion | onion.ws | onion.ly | tor2web.org | beame.io",
        ["https://a1b2.ngrok.io/x", "https://x.trycloudflare.com", "https://abcd.ngrok-free.app"],
        ["https://example.org/?q=ngrok", "https://cloudflare.com/"],
    ),
    _entry(
        _X,
        "chat-webhooks",
        "host",
        "Message hooks of public chat services, used to carry data out.",
        "api.telegram.org",
        ["https://api.telegram.org/bot1:x/sendMessage"],
        ["https://telegram.org/", "https://discord.com/channels/1"],
    ),
)
