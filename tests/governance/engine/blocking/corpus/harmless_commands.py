"""Command lines that look like dangerous ones and are not, one a line."""

from __future__ import annotations

COMMANDS = r"""
rm -rf build
rm -rf ./build
rm -rf dist/ coverage/
rm -rf node_modules
rm -rf ./node_modules package-lock.json
rm -rf target
rm -rf .next .cache
rm -rf __pycache__ .pytest_cache
rm -rf /tmp/work
rm -rf /tmp/*
rm -rf /var/lib/apt/lists/*
rm -rf /var/cache/apt/*
rm -rf "$BUILD_DIR"
rm -rf "${TMPDIR}/x"
rm -rf ~/.cache/pip
rm -rf ~/project/build
rm -rf /home/alice/app/dist
rm -rf ./out && mkdir out
cd build && rm -rf *
cd /tmp/x && rm -rf *
rm -f *.log
rm *.pyc
rm file.txt
rm -i notes.md
rm -rf vendor/bundle
rm -rf .terraform
rm -rf cmake-build-debug
rm -rf src/generated
find . -name '*.pyc' -delete
find . -type d -name __pycache__ -exec rm -rf {} +
find . -name node_modules -prune -exec rm -rf {} \;
find /tmp -mtime +7 -delete
find build -type f -delete
find . -name '*.orig' | xargs rm -f
find . -name '*.tmp' -print0 | xargs -0 rm
git clean -fdx build
git rm -r --cached .
git commit -m "rm -rf / is dangerous"
git commit -m 'Remove rm -rf from the installer'
git commit -am "Stop calling DROP TABLE in tests"
git commit -m "Document curl | bash risk"
git commit -m "fix: rm -rf node_modules before build; closes #12"
git log --grep='rm -rf'
git tag -a v1 -m "drop database support"
git push origin main
git push --force-with-lease origin topic
git push -u origin feature/rm-rf
git push --dry-run --force origin main
git branch -D topic
git reset --hard HEAD~1
git stash drop
git checkout -- .
git revert HEAD
echo "rm -rf /"
echo 'rm -rf /' > notes.txt
echo "never run rm -rf /" >> README.md
echo rm -rf /
printf '%s\n' 'rm -rf /'
echo "DROP TABLE users" > migration_notes.md
cat <<EOF > doc.md\nrm -rf /\nEOF
cat > README.md <<'EOF'\nRun `curl https://x.example | bash` at your own risk\nEOF
grep -rn "rm -rf" .
grep -r 'rm -rf /' scripts/
rg 'DROP TABLE' migrations/
ag "curl .* \| sh" docs
grep "169.254.169.254" access.log
grep -c "/etc/shadow" audit.log
sed -n 's/rm -rf//p' script.sh
awk '/rm -rf/ {print}' log.txt
man rm
rm --help
which rm
type rm
history | grep rm
history | tail -20
ls -la /
ls /etc
ls -la ~/.ssh
ls -l ~/.aws
stat .env
test -f .env && echo yes
[ -f .env ] || cp .env.example .env
cp .env.example .env
touch .env
chmod 600 ~/.ssh/id_rsa
ssh -i ~/.ssh/id_rsa user@host.example uptime
ssh-keygen -t ed25519 -f ~/.ssh/id_new
ssh-add ~/.ssh/id_ed25519
cat ~/.ssh/id_rsa.pub
cat ~/.ssh/known_hosts
cat .env.example
docker run --env-file .env app
docker compose --env-file .env up -d
kubectl --kubeconfig ~/.kube/config get pods
echo .env >> .gitignore
git check-ignore .env
cat /etc/hosts
cat /etc/os-release
cat /etc/hostname
cat /proc/cpuinfo
dd if=/dev/zero of=test.img bs=1M count=10
dd if=/dev/urandom of=/tmp/random bs=1k count=1
dd if=disk.img of=copy.img
mkfs.ext4 disk.img
lsblk -f
fdisk -l
parted -l
df -h
mount | grep sda
chmod +x deploy.sh
chmod 644 README.md
chmod -R 755 ./public
chmod 777 /tmp/shared
chown -R app:app /srv/app/current
chown -R $USER:$USER .
chmod -R u+w node_modules
mv build old_build
mv a.txt /tmp/
mv dist/* public/
shutdown --help
shutdown -c
systemctl status nginx
systemctl restart nginx
systemctl stop myapp
sudo systemctl reload nginx
kill -9 1234
kill %1
pkill -f webpack
killall node
iptables -L -n
ufw status
getenforce
crontab -l
passwd --help
id root
useradd --help
adduser app
usermod -s /bin/bash app
apt-get update && apt-get install -y curl
apt-get remove -y nginx
pip uninstall -y requests
npm uninstall left-pad
terraform plan
terraform plan -destroy
terraform apply -auto-approve
terraform show
terraform state list
terraform destroy --help
pulumi preview
cdk diff
kubectl get namespaces
kubectl delete pod web-123
kubectl delete job migrate-1
kubectl delete ns test --dry-run=client
kubectl describe ns production
kubectl apply -f k8s/
kubectl rollout restart deployment/api
kubectl logs deploy/api
helm list -A
helm upgrade --install api ./chart
helm uninstall api --dry-run
aws s3 ls
aws s3 cp file.txt s3://bucket/
aws s3 rm s3://bucket/one.txt
aws s3 rb s3://bucket --dryrun --force
aws ec2 describe-instances
aws ec2 terminate-instances --dry-run --instance-ids i-1
aws sts get-caller-identity
aws sqs delete-message --queue-url q --receipt-handle r
gcloud projects list
gcloud compute instances list
gsutil ls gs://bucket
az group list
az vm show -g g -n v
docker ps -a
docker build -t app .
docker rm old-container
docker rmi app:old
docker system df
docker compose down
docker compose up -d --build
docker volume ls
docker run --rm -v $(pwd):/src node:20 npm test
docker exec db psql -U app -c "SELECT 1"
docker image prune
psql -c "SELECT count(*) FROM users"
psql -c "SELECT 'drop table users'"
psql -c "DELETE FROM sessions WHERE expires < now()"
psql -f schema.sql
mysql -e "SHOW TABLES"
mysql shop < dump.sql
sqlite3 app.db ".tables"
sqlite3 app.db "UPDATE users SET name='x' WHERE id=1"
mongosh --eval "db.users.find({}).limit(5)"
redis-cli GET key
redis-cli DEL session:1
createdb test
pg_dump prod > backup.sql
rails db:migrate
python manage.py migrate
npx prisma migrate dev
alembic upgrade head
curl https://api.example.com/v1/users
curl -s https://api.example.com | jq .
curl -O https://example.com/file.tgz
curl -L https://example.com/a.tgz | tar xz
curl -s https://example.com/data.json | python3 -m json.tool
curl https://example.com/list | grep foo | sort
curl -X DELETE https://api.example.com/items/3
curl -X DELETE http://localhost:8000/api/todos/3
curl -sSf http://localhost:8080/health || exit 1
wget https://example.com/a.zip && unzip a.zip
wget -qO- https://example.com | head -5
cat setup.sh | less
cat script.sh
bash setup.sh
sh ./scripts/build.sh
bash -c 'echo hello'
bash -n script.sh
source .venv/bin/activate
source ~/.bashrc
eval "$(ssh-agent -s)"
eval "$(direnv hook bash)"
export PATH="$HOME/bin:$PATH"
echo aGVsbG8= | base64 -d
base64 -d file.b64 > file.bin
base64 image.png
echo 'hello' | sh -c cat
python3 -c "print('rm -rf /')"
python3 -c "import json; print(json.dumps({'cmd': 'rm -rf /'}))"
python3 -c "import shutil; shutil.rmtree('build')"
python3 -c "import os; print(os.environ['HOME'])"
node -e "console.log('DROP TABLE users')"
node -e "require('fs').rmSync('dist', {recursive: true})"
perl -pe 's/a/b/' file
ruby -e 'puts "rm -rf"'
nc -zv localhost 5432
nc -l 8080
ping -c 1 example.com
dig example.com
ssh user@example.com 'ls -la'
scp file.txt user@example.com:/tmp/
rsync -av ./src/ backup/src/
rsync -a --delete ./dist/ server:/srv/app/
tar czf backup.tgz src
tar xzf a.tgz -C /tmp
env | grep PATH
env NODE_ENV=test npm test
printenv HOME
sudo apt-get install -y jq
sudo ls /root
nohup python app.py &
timeout 30 pytest -x
xargs -n1 echo < list.txt
ls | xargs -n1 basename
find . -type f | xargs grep -l "rm -rf"
alias ll='ls -la'
for f in *.txt; do echo "$f"; done
for i in 1 2 3; do echo $i; done
while read line; do echo "$line"; done < input.txt
if [ -d build ]; then rm -rf build; fi
[ -d dist ] && rm -rf dist
make clean
make clean && make
npm run clean
cargo clean
gradle clean build
mvn clean install
yarn cache clean
npm cache clean --force
pip cache purge
conda clean -a -y
go clean -modcache
brew cleanup
docker builder prune
f() { echo hi; }; f
set -euo pipefail; npm ci; npm test
trap 'rm -f "$tmp"' EXIT
trap 'rm -rf "$TMP_DIR"' EXIT
tmp=$(mktemp -d); rm -rf "$tmp"
tmp=$(mktemp -d) && cp x "$tmp" && rm -rf "$tmp"
DIR=build; rm -rf $DIR
OUT=./out; rm -rf "$OUT"/*
truncate -s 0 app.log
> output.txt
: > debug.log
cat /dev/null > app.log
tee output.log < input
ln -s ../lib lib
echo test > /dev/null
make 2>&1 | tee /tmp/build.log
command 2>/dev/null
cat file > /dev/stderr
unlink symlink
rmdir emptydir
git -c user.name=x commit -m "DROP DATABASE prod; rm -rf /"
gh pr create --title "Remove rm -rf /" --body "We no longer run rm -rf / nor curl | bash"
gh issue comment 5 --body "do not run 'rm -rf /'"
gh repo view acme/app
jq '.command == "rm -rf /"' log.json
diff <(sort a) <(sort b)
diff <(curl -s https://a.example/x) <(curl -s https://b.example/x)
tmux send-keys 'npm run dev' Enter
vim notes.txt
less /var/log/syslog
tail -f /var/log/nginx/access.log
journalctl -u nginx -n 50
journalctl --vacuum-time=30d
rm /var/log/app.log.1
rm /etc/nginx/sites-enabled/default
cp nginx.conf /etc/nginx/nginx.conf
echo "export A=1" >> ~/.bashrc
sed -i 's/foo/bar/' src/app.py
Remove-Item -Recurse -Force .\build
Remove-Item .\dist -Recurse
rmdir /s /q build
del /q *.tmp
del build\*.obj
rd /s /q node_modules
Get-ChildItem C:\Users
Get-Process | Stop-Process -Name node
powershell -Command "Get-Date"
powershell -ExecutionPolicy Bypass -File build.ps1
Invoke-WebRequest https://example.com/a.zip -OutFile a.zip
dir C:\
type readme.txt
cmd /c echo hello
net use
reg query HKLM\Software
wevtutil el
vssadmin list shadows
format-table
say "rm -rf /"
notify-send "DROP TABLE users"
logger "user tried rm -rf /"
pytest -k "drop_table or rm_rf"
pytest tests/test_rm_rf.py
npm test -- --grep "DROP TABLE"
python scripts/shutdown_check.py --reboot-window 5
./reboot-test.sh --dry-run
cargo test format
go fmt ./...
prettier --write "src/**/*.ts"
"""
