"""Calls that look like dangerous ones and are not, by kind."""

from __future__ import annotations

from typing import Any

from tests.governance.engine.blocking.corpus.harmless_commands import COMMANDS

STATEMENTS = r"""
SELECT * FROM users
SELECT 'drop table users'
SELECT 'DELETE FROM users' AS example
SELECT "drop" FROM settings
SELECT dropped_at, truncated FROM tables
SELECT * FROM drop_log
SELECT * FROM users WHERE name = 'truncate'
SELECT TRUNCATE(1.999, 2)
SELECT * FROM jobs FOR UPDATE
SELECT count(*) FROM deletes -- drop table users
SELECT 1 /* drop table users */
INSERT INTO log (msg) VALUES ('DROP TABLE users')
INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2
INSERT INTO t VALUES ('; DELETE FROM users; --')
UPDATE users SET name = 'x' WHERE id = 7
UPDATE users SET note = 'no where clause' WHERE id = 7
UPDATE users SET active = false WHERE last_seen < '2020-01-01'
UPDATE t SET a = (SELECT 1) WHERE id = 2
UPDATE products SET active = true WHERE stock > 0
DELETE FROM users WHERE id = 7
DELETE FROM sessions WHERE expires_at < now()
DELETE FROM t WHERE id IN (SELECT id FROM old)
DELETE FROM t WHERE a = 1 AND b = 2
DELETE FROM t WHERE a = 1 OR b = 2
DELETE FROM t USING u WHERE t.id = u.id AND u.old
DELETE FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.id = a.id)
DELETE FROM users WHERE email LIKE '%@spam.example'
DROP TEMPORARY TABLE IF EXISTS tmp_ids
DROP INDEX idx_users_email
DROP VIEW IF EXISTS v_users
DROP TRIGGER t ON users
DROP FUNCTION f(int)
DROP TABLE #temp
ALTER TABLE users ADD COLUMN age int
ALTER TABLE users DROP CONSTRAINT users_pk
ALTER TABLE users ALTER COLUMN a DROP NOT NULL
ALTER TABLE users ALTER a DROP DEFAULT
ALTER TABLE users RENAME COLUMN drop TO dropped
CREATE TABLE drop_events (id int)
CREATE TABLE t (id int REFERENCES u(id) ON DELETE CASCADE ON UPDATE SET NULL)
CREATE INDEX CONCURRENTLY i ON t (a)
CREATE TRIGGER tr BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION f()
CREATE OR REPLACE VIEW v AS SELECT * FROM t
GRANT SELECT ON reports TO analyst
GRANT SELECT, INSERT ON t TO app
REVOKE ALL ON t FROM public
REVOKE DELETE ON t FROM app
COPY t FROM STDIN
COPY t TO STDOUT WITH CSV
EXEC monthly_report
CALL refresh_stats()
EXPLAIN SELECT * FROM users
EXPLAIN DELETE FROM users WHERE id = 1
BEGIN; UPDATE t SET a = 1 WHERE id = 1; COMMIT
WITH x AS (SELECT 1) SELECT * FROM x
WITH d AS (DELETE FROM t WHERE id = 1 RETURNING *) SELECT * FROM d
MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = s.a
MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE
SELECT * FROM information_schema.tables WHERE table_name = 'drop'
SELECT a INTO b FROM c
SELECT load_file FROM config
DO $$ BEGIN PERFORM refresh(); END $$
SET search_path TO app
SHOW TABLES
VACUUM ANALYZE users
TRUNCATE TABLE #staging
SELECT 'it''s a drop table; delete from x'
SELECT $$DROP TABLE users$$
SELECT E'\'; DROP TABLE users; --'
db.users.find({name: 'drop'})
db.users.deleteOne({_id: 1})
db.users.deleteMany({status: 'old'})
db.users.updateMany({a: 1}, {$set: {b: 2}})
db.users.dropIndex('i')
MATCH (n:User {id: 1}) RETURN n
"""

PATHS = r"""
src/main.py
README.md
docs/etc/shadow.md
./etc/config.yaml
/etc/hosts
/etc/hostname
/etc/os-release
/etc/nginx/nginx.conf
.env.example
.env.sample
.env.template
app/.env.example
src/env.ts
src/.environment/readme.md
~/.ssh/known_hosts
~/.ssh/id_rsa.pub
~/.ssh/config.d/readme
docs/ssh/id_rsa_rotation.md
tests/fixtures/credentials.yaml
src/aws/credentials.py
src/shadow/root.css
components/ShadowRoot.tsx
/home/alice/project/src/shadow.ts
/var/log/nginx/access.log
/tmp/../tmp/x.txt
a/../b/c.txt
/proc/cpuinfo
/proc/meminfo
file:///home/alice/project/readme.md
C:\Users\bob\project\main.cs
C:\Program Files\App\readme.txt
package.json
package-lock.json
.npmignore
.gitignore
.git/HEAD
.github/workflows/ci.yml
kube/config.yaml
k8s/secret-template.yaml
src/passwd.c
certs/ca.crt
public.pem
src/cookies.ts
src/login/data.ts
docs/keychain.md
tests/test_wallet.py
Dockerfile
docker/config.yaml
terraform/main.tf
/srv/app/current/config/database.yml
/opt/app/logs/out.log
%20spaces%20in%20name.txt
path with spaces/file.txt
notes/100%.md
data/..hidden/file
weird...name.txt
"""

URLS = r"""
https://example.com/
https://api.example.com/v1/users?id=3
http://localhost:8000/
http://127.0.0.1:3000/health
http://10.0.0.5/
http://192.168.1.1/
http://169.253.169.254/
http://169.254.1.1/
https://example.com/169.254.169.254.html
https://docs.aws.example/metadata/169.254.169.254
https://example.com/?q=webhook.site
https://example.com/search?q=pastebin+alternatives
https://example.com/docs/ngrok.io
https://webhook-site.example.com/
https://mywebhook.site.example.com/
https://notpastebin.com/
https://pastebin.com.example.org/
https://metadata.example.com/
https://github.com/acme/webhook.site
https://stackoverflow.com/questions/1/what-is-169-254-169-254
https://example.com/login?next=/dashboard
https://example.com/r?url=https%3A%2F%2Fexample.org%2F
https://user:pass@example.com/
https://xn--bcher-kva.example/
http://[2001:db8::1]/
http://[::1]:8080/
https://example.com:8443/a/b#c
https://storage.googleapis.com/bucket/file
https://s3.amazonaws.com/bucket/file
https://packages.example.org/left-pad
https://packages.example.org/simple/requests/
https://cloudflare.com/
https://telegram.org/
ftp://ftp.example.com/pub
mailto:a@example.com
example.com
2852039165
example.com:443
"""

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("chat/post", {"channel": "ops", "text": "rm -rf / is not a good idea"}),
    ("chat/post", {"channel": "ops", "text": "rm -rf /"}),
    ("chat/post", {"message": "Do not run `curl https://x.example | bash`"}),
    ("mail/send", {"to": "a@b.example", "subject": "DROP TABLE users", "body": "We ran DROP TABLE users; by mistake"}),
    ("git/commit", {"message": "Remove rm -rf / from the installer"}),
    ("git/commit", {"message": "rm -rf /", "files": ["a.sh"]}),
    (
        "git/create_pull_request",
        {"title": "DROP TABLE users", "body": "rm -rf / no more", "base": "main", "head": "topic"},
    ),
    (
        "issues/create",
        {"title": "rm -rf / in CI", "description": "CI ran `rm -rf /`. See /etc/shadow and 169.254.169.254"},
    ),
    ("files/write", {"path": "README.md", "content": "Never run rm -rf / or DROP TABLE users"}),
    ("files/write", {"path": "scripts/clean.sh", "content": "#!/bin/sh\nrm -rf build\n"}),
    ("files/write", {"path": "docs/ssrf.md", "content": "The address http://169.254.169.254/ serves metadata."}),
    ("files/edit", {"file_path": "a.py", "old_string": "os.system('rm -rf /')", "new_string": "pass"}),
    ("claude-code/Write", {"file_path": "/home/u/a.sql", "content": "DROP TABLE users;"}),
    ("claude-code/Edit", {"file_path": "/home/u/a.sh", "old_string": "rm -rf /", "new_string": "rm -rf build"}),
    ("claude-code/Grep", {"pattern": "rm -rf /", "path": "src"}),
    ("claude-code/Grep", {"pattern": "DROP TABLE", "glob": "*.sql"}),
    ("claude-code/Glob", {"pattern": "**/.env*"}),
    ("claude-code/Bash", {"command": "ls", "description": "rm -rf / is what we avoid"}),
    ("claude-code/Bash", {"command": "npm test", "description": "Run tests; curl x | sh not used"}),
    ("claude-code/WebSearch", {"query": "what does rm -rf / do"}),
    (
        "claude-code/WebFetch",
        {"url": "https://example.com/a", "prompt": "Does it mention 169.254.169.254 or /etc/shadow?"},
    ),
    ("claude-code/Task", {"description": "clean", "prompt": "Find every rm -rf / in the code"}),
    ("claude-code/TodoWrite", {"todos": [{"content": "rm -rf / must be refused", "status": "pending"}]}),
    ("search/web_search", {"query": "DROP TABLE users"}),
    ("search/web_search", {"q": "how to drop table in postgres"}),
    ("kb/search", {"query": "delete from cart is slow"}),
    ("kb/search", {"query": "update account settings"}),
    ("kb/search", {"query": "select a plan that fits"}),
    ("kb/search", {"query": "kill -9 vs kill -15"}),
    ("x/tool", {"query": "drop table reservations policy"}),
    ("x/tool", {"query": "truncate text with ellipsis in css"}),
    ("x/tool", {"value": "format the report nicely"}),
    ("x/tool", {"value": "find the best price"}),
    ("x/tool", {"value": "kill the lights"}),
    ("x/tool", {"value": "cat pictures"}),
    ("x/tool", {"value": "shutdown schedule for December"}),
    ("x/tool", {"value": "history of Rome"}),
    ("x/tool", {"value": "rm"}),
    ("x/tool", {"name": "drop table", "quantity": 3}),
    ("x/tool", {"product": "Drop leaf table", "sku": "DT-01"}),
    ("x/tool", {"note": "update users set expectations early"}),
    ("x/tool", {"answer": "delete from the list"}),
    ("x/tool", {"comment": "see /etc/shadow docs"}),
    ("cal/create_event", {"title": "Reboot servers", "location": "Room 2/3"}),
    ("cal/create_event", {"title": "x", "location": "12 Main Street"}),
    ("tickets/update", {"id": 4, "status": "closed", "resolution": "rm -rf node_modules fixed it"}),
    ("shop/search", {"filter": {}, "sort": "price"}),
    ("shop/search", {"filter": {"brand": "Shell"}}),
    ("geo/lookup", {"address": "1600 Pennsylvania Ave"}),
    ("geo/lookup", {"ip": "8.8.8.8"}),
    ("crm/get", {"id": 2852039166}),
    ("crm/get", {"id": "2852039166"}),
    ("crm/update", {"from": "alice", "to": "bob", "source": "web", "root": "main"}),
    ("pg/query", {"query": "SELECT 'DROP TABLE users'"}),
    ("pg/query", {"query": "SELECT * FROM t WHERE id = 3"}),
    ("py/execute_code", {"code": "print('rm -rf /')"}),
    ("py/execute_code", {"code": "# rm -rf / would be bad\nx = 1"}),
    ("py/execute_code", {"code": "import shutil\nshutil.rmtree('build')"}),
    ("py/execute_code", {"code": "s = 'DROP' + ' TABLE'\nprint(len(s))"}),
    ("py/execute_code", {"code": "df.drop('users', axis=1)\ndf.drop(columns=['a'])"}),
    ("py/execute_code", {"code": "open('data.csv').read()"}),
    ("files/read", {"path": "docs/rm -rf.md"}),
    ("files/list", {"path": "/home/alice/project", "recursive": True}),
    ("shell/exec", {"command": ["git", "commit", "-m", "rm -rf /"]}),
    ("shell/exec", {"command": ["echo", "rm -rf /"]}),
    ("shell/exec", {"command": ["rm", "-rf", "build"]}),
    ("shell/exec", {"cmd": "git", "args": ["commit", "-m", "curl x | sh"]}),
    ("ci/job", {"commands": ["npm ci", "rm -rf dist", "npm run build"]}),
    ("x/tool", {"token": "cGxlYXNlIGRvbid0IHJ1biB0aGlz"}),
    ("x/tool", {"hash": "9e107d9d372bb6826bd81d3542a419d6"}),
    ("x/tool", {"version": "1.2.3.4", "build": "10.0"}),
    ("x/tool", {"command": "start"}),
    ("x/tool", {"command": "deploy staging"}),
    ("x/tool", {"command": "don't panic"}),
    ("x/tool", {"action": "delete", "id": 7}),
    ("x/tool", {"operation": "truncate", "length": 80}),
]


def calls() -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Every harmless call, by kind, as (tool, arguments)."""
    return {
        "command": [
            ("claude-code/Bash", {"command": line.replace("\\n", "\n") if "<<" in line else line})
            for line in _lines(COMMANDS)
        ],
        "sql": [("pg/execute", {"sql": line}) for line in _lines(STATEMENTS)],
        "path": [("files/read", {"path": line}) for line in _lines(PATHS)],
        "host": [("web/fetch", {"url": line}) for line in _lines(URLS)],
        "call": CALLS,
    }


def _lines(text: str) -> list[str]:
    return [line for line in text.strip("\n").split("\n") if line]
