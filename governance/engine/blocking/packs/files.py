"""Files that hold credentials."""

from __future__ import annotations

from governance.engine.blocking.entry import Entry


def _group(name: str, description: str, patterns: str, match: list[str], unmatched: list[str]) -> Entry:
    return Entry(
        id=name,
        kind="path",
        pattern=patterns,
        pack="credential-files",
        description=description,
        match=tuple(match),
        unmatched=tuple(unmatched),
    )


CREDENTIAL_FILES: tuple[Entry, ...] = (
    _group(
        "ssh-keys",
        "SSH private keys and the folder they are kept in.",
        "**/.ssh/id_* | ~/.ssh | ~/.ssh/*.pem | **/.ssh/identity | **/id_rsa | **/id_ed25519 | **/id_ecdsa | "
        "**/id_dsa | **/.ssh/*_rsa | **/.ssh/*_ed25519 | /etc/ssh/ssh_host_*_key | /proc/*/root/.ssh/** | "
        "~/.ssh/*_key | ~/.ssh/authorized_keys | ~/.putty/** | **/*.ppk | !**/*.pub",
        [
            "~/.ssh/id_rsa",
            "/home/al/.ssh//id_ed25519",
            "../../.ssh/id_rsa",
            "C:\\Users\\al\\.ssh\\id_rsa",
            "/proc/self/root/root/.ssh/id_rsa",
        ],
        ["~/.ssh/known_hosts", "~/.ssh/id_rsa.pub", "docs/ssh/id.md"],
    ),
    _group(
        "cloud-credentials",
        "Credentials of cloud command lines.",
        "**/.aws/credentials | **/.aws/config | ~/.aws | **/.aws/sso/cache/** | **/.aws/cli/cache/** | "
        "**/gcloud/credentials.db | **/gcloud/application_default_credentials.json | **/gcloud/access_tokens.db | "
        "**/gcloud/legacy_credentials/** | ~/.config/gcloud | **/.azure/accesstokens.json | "
        "**/.azure/msal_token_cache.* | **/.azure/azureprofile.json | ~/.azure | **/.oci/config | "
        "**/.aliyun/config.json | **/.bluemix/config.json | **/.config/doctl/config.yaml | "
        "**/.config/hcloud/cli.toml | **/.terraform.d/credentials.tfrc.json | **/.terraformrc | "
        "**/.pulumi/credentials.json | **/.boto | **/.s3cfg | **/.rclone.conf | **/rclone/rclone.conf | "
        "**/.fly/config.yml | **/.vercel/auth.json | **/.heroku/**",
        ["~/.aws/credentials", "/root/.aws/credentials", "~/.config/gcloud/application_default_credentials.json"],
        ["docs/aws/credentials.md", "src/aws/config.py"],
    ),
    _group(
        "environment-files",
        "Environment files with secrets.",
        "**/.env | **/.env.local | **/.env.production | **/.env.prod | **/.env.staging | "
        "**/.env.development.local | **/.env.production.local | **/.env.secret | **/.env.secrets | **/.env.live | "
        "**/.envrc | **/*.env.production | **/.env.dev | **/.env.development | **/.env.backup | **/.env.bak | "
        "**/.env.old",
        [".env", "app/.env.production", "/srv/app/./.env", "%2e%2e/.env"],
        [".env.example", ".env.sample", "src/environment.py", ".env.template"],
    ),
    _group(
        "system-secrets",
        "Password and account databases of an operating system.",
        "/etc/shadow | /etc/shadow- | /etc/gshadow | /etc/passwd | /etc/master.passwd | /etc/security/passwd | "
        "/etc/sudoers | /etc/sudoers.d/** | /etc/krb5.keytab | **/*.keytab | /etc/security/opasswd | "
        "/windows/system32/config/sam | /windows/system32/config/system | /windows/system32/config/security | "
        "/windows/repair/sam | **/ntds.dit | /var/db/dslocal/** | /proc/*/environ | /proc/kcore | /proc/*/mem | "
        "/etc/ssl/private/** | /etc/pki/tls/private/** | /etc/wireguard/** | /etc/openvpn/*.key | "
        "/etc/ipsec.secrets | /etc/ppp/*-secrets | /var/lib/sss/** | /etc/letsencrypt/live/**/privkey.pem | "
        "/etc/letsencrypt/archive/** | /etc/security/** | /var/shadow | /etc/aliases.secret | /etc/samba/*.tdb | "
        "/var/lib/samba/private/**",
        [
            "/etc/shadow",
            "/etc/./shadow",
            "../../../../etc/passwd",
            "C:\\Windows\\System32\\config\\SAM",
            "/proc/self/environ",
            "file:///etc/shadow",
        ],
        ["/etc/hostname", "/etc/os-release", "/proc/cpuinfo"],
    ),
    _group(
        "cluster-credentials",
        "Credentials of clusters and container registries.",
        "~/.kube | **/.kube/config | **/kubeconfig | **/kubeconfig.yaml | **/kubeconfig.yml | "
        "/etc/kubernetes/*.conf | /etc/kubernetes/pki/** | /var/run/secrets/kubernetes.io/** | /run/secrets/** | "
        "/var/run/secrets/** | **/.docker/config.json | /etc/rancher/k3s/k3s.yaml | /var/lib/kubelet/** | "
        "/var/run/docker.sock | /run/docker.sock | **/.helm/repository/** | **/.vault-token | "
        "**/.config/helm/registry/config.json | /run/containerd/containerd.sock",
        ["~/.kube/config", "/var/run/secrets/kubernetes.io/serviceaccount/token", "/etc/kubernetes/admin.conf"],
        ["k8s/config.yaml", "deploy/kube/service.yaml"],
    ),
    _group(
        "tool-credentials",
        "Tokens of package registries, source hosts and databases.",
        "**/.npmrc | **/.pypirc | **/.netrc | **/_netrc | **/.git-credentials | **/.config/git/credentials | "
        "**/.gem/credentials | **/.cargo/credentials | **/.cargo/credentials.toml | **/.pgpass | **/pgpass.conf | "
        "**/.my.cnf | **/.mylogin.cnf | **/.dbshell | **/.config/gh/hosts.yml | **/.config/hub | "
        "**/.config/glab-cli/config.yml | **/.m2/settings.xml | **/.m2/settings-security.xml | "
        "**/.gradle/gradle.properties | **/.composer/auth.json | **/.nuget/nuget.config | **/.htpasswd | "
        "**/.dockercfg | **/.yarnrc.yml.secret | **/wp-config.php | **/.subversion/auth/** | **/.ftpconfig | "
        "**/.remote-sync.json | **/sftp-config.json | **/.databrickscfg | **/.snowsql/config | "
        "**/.kaggle/kaggle.json | **/.huggingface/token | **/.cache/huggingface/token | **/.config/openai/** | "
        "**/.claude/.credentials.json | **/.codex/auth.json | **/.gemini/oauth_creds.json | "
        "**/.config/sops/age/keys.txt | **/.age/** | **/master.key | **/credentials.json | "
        "**/service-account.json | **/service_account.json | **/serviceaccountkey.json | **/client_secret*.json | "
        "**/secrets.yml | **/secrets.yaml | **/secrets.json | **/.secrets | **/.vault_pass | **/.vault_pass.txt | "
        "**/vault_pass.txt | **/terraform.tfstate",
        ["~/.netrc", "~/.npmrc", "/home/al/.git-credentials", "config/master.key"],
        ["package.json", "netrc.md", "docs/npmrc.md"],
    ),
    _group(
        "key-stores",
        "Private keys, key rings and password stores.",
        "**/.gnupg/** | ~/.gnupg | **/.password-store/** | **/*.kdbx | **/*.kdb | **/*.agilekeychain/** | "
        "**/*.opvault/** | **/*.jks | **/*.keystore | **/*.p12 | **/*.pfx | **/keychains/** | **/login.keychain* | "
        "**/.local/share/keyrings/** | **/private.key | **/privkey.pem | **/private_key.pem | **/private-key.pem | "
        "**/server.key | **/ca.key | **/privatekey.pem | **/*_private.pem | **/*.asc.key | "
        "**/appdata/roaming/microsoft/credentials/** | **/appdata/local/microsoft/credentials/** | "
        "**/appdata/roaming/microsoft/protect/** | **/1password/** | **/bitwarden/data.json | "
        "**/.config/bitwarden*/** | **/microsoft/vault/**",
        ["~/.gnupg/secring.gpg", "vault.kdbx", "/Users/al/Library/Keychains/login.keychain-db"],
        ["certs/server.crt", "keys.md", "id.pub"],
    ),
    _group(
        "browser-stores",
        "Cookies and saved passwords of browsers, wallets and messengers.",
        "**/google/chrome/**/login data | **/google-chrome/**/login data | **/google-chrome/**/cookies | "
        "**/google/chrome/**/cookies | **/google-chrome/** | **/chromium/**/login data | **/chromium/**/cookies | "
        "**/google/chrome/**/local state | **/google/chrome/**/web data | **/chromium/**/web data | "
        "**/mozilla/firefox/**/logins.json | **/.mozilla/firefox/** | **/firefox/profiles/** | **/key4.db | "
        "**/key3.db | **/logins.json | **/cookies.sqlite | **/cookies.binarycookies | "
        "**/microsoft/edge/**/login data | **/microsoft/edge/**/cookies | **/bravesoftware/** | "
        "**/opera software/** | **/.bitcoin/wallet.dat | **/wallet.dat | **/.ethereum/keystore/** | "
        "**/.electrum/** | **/exodus/** | **/metamask/** | **/slack/**/cookies | **/discord/**/local storage/** | "
        "**/.config/solana/id.json | **/telegram desktop/tdata/** | **/signal/config.json | **/microsoft-edge/**",
        [
            "~/.config/google-chrome/Default/Login Data",
            "~/.mozilla/firefox/x.default/logins.json",
            "~/Library/Application Support/Google/Chrome/Default/Cookies",
        ],
        ["src/cookies.py", "docs/firefox.md"],
    ),
    _group(
        "shell-histories",
        "Histories of shells and database clients.",
        "~/.bash_history | ~/.zsh_history | ~/.sh_history | ~/.psql_history | ~/.mysql_history | "
        "~/.python_history | ~/.rediscli_history | ~/.node_repl_history | **/.bash_history | **/.zsh_history | "
        "**/consolehost_history.txt | **/.local/share/fish/fish_history",
        ["~/.bash_history", "/root/.zsh_history"],
        ["docs/history.md"],
    ),
)
