"""Forms of the shell with a command inside: `RUN` stands for a command line of plain words, which each of them runs."""

from __future__ import annotations

_LINES = r"""
: $((:);:); RUN
echo $((1 + $(RUN)))
(( n = $(RUN) ))
for ((i=$(RUN); i<1; i++)); do :; done
echo $[ `RUN` ]
v[$(RUN)]=1
v[ # ]=1; RUN
v='v[$(RUN)]'; echo $((v))
test -v 'v[$(RUN)]'
bash -euo pipefail -c 'RUN'
bash -o errexit -ec 'RUN'
sh -c -- 'RUN'
bash --norc --rcfile /dev/null -c 'RUN'
bash -c '"$@"' _ RUN
kubectl exec p -- sh -c 'RUN'
kubectl exec -n prod -it p -c app -- bash -lc 'RUN'
kubectl exec p sh -c 'RUN'
oc exec p -- sh -c 'RUN'
lxc exec c -- sh -c 'RUN'
npm exec -- sh -c 'RUN'
npx -c 'RUN'
nix develop -c sh -c 'RUN'
nix shell nixpkgs#coreutils --command sh -c 'RUN'
docker run --rm alpine sh -c 'RUN'
docker run -v /:/host --name x -e A=b alpine sh -c 'RUN'
docker run --entrypoint sh alpine -c 'RUN'
docker compose run --rm web sh -c 'RUN'
docker-compose exec web sh -c 'RUN'
podman run -it fedora bash -c 'RUN'
echo ${HOME:$(RUN)}
echo ${HOME:0:$(RUN)}
echo ${v[$(RUN)]}
echo ${v[`RUN`]}
echo ${HOME#$(RUN)}
echo "${HOME%%$(RUN)}"
echo ${HOME/$(RUN)/x}
echo ${HOME//a/$(RUN)}
echo ${HOME^^$(RUN)}
echo ${unset:-$(RUN)}
echo "${unset:-"$(RUN)"}"
v='$(RUN)'; echo ${v@P}
echo ${ RUN; }
time -p RUN
time -- RUN
time -p bash -c 'RUN'
env -S'RUN'
env -S 'RUN'
env -iS 'A=b RUN'
env --split-string='RUN'
env -S 'sh -c' 'RUN'
v=(RUN); "${v[@]}"
v=(RUN); ${v[*]}
v=(x RUN); "${v[@]:1}"
v=(); v+=(RUN); "${v[@]}"
declare -a v=(RUN); "${v[@]}"
f() { "$@"; }; f RUN
f() { "$2" "${@:3}"; }; f x RUN
function f { shift; "$@"; }; f x RUN
f() (eval "$1"); f 'RUN'
f() { bash; }; f <<< 'RUN'
set -- RUN; "$@"
set -- x RUN; shift; "$@"
{ true; bash; } <<< 'RUN'
echo 'RUN' | { true; bash; }
echo 'RUN' | (cd /; bash)
{ echo 'RUN'; true; } | bash
bash -c "$(echo 'RUN'; true)"
if true; then bash; fi <<< 'RUN'
while read -r line; do eval "$line"; done <<< 'RUN'
echo 'RUN' > >(bash)
for v in echo 'RUN'; do $v; done
case x in (a|b) ls;; x) RUN;; esac
echo $(case x in x) echo hi;; esac); RUN
(case x in x) RUN;; esac)
[[ a =~ (b c) ]]; RUN
[[ a < b && ( -n c ) ]] || RUN
v=(1 2 # )
3); RUN
select v in a; do RUN; break; done
coproc X { RUN; }
! { RUN; }
echo "${v:-'}"; RUN; echo "'}"
echo $'it\'s'; RUN; echo '#'
if RUN; then :; fi
until RUN; do :; done
{ RUN; } 2>&1 | cat
true && { RUN; }
trap 'RUN' EXIT
v=('RUN' b); read -ra w <<< "${v[0]}"; "${w[@]}"
mapfile -t v <<< 'RUN'; ${v[0]}
while read -r v; do $v; done <<< $'true\nRUN'
v='RUN'; (v=ls); $v
v='RUN'; v=ls true; $v
v='RUN'; bash -c 'v=ls'; $v
v='x RUN'; ${v#*x}
printf -v 'v[$(RUN)]' a
exec <<< 'RUN'; bash
bash -c '$0' 'RUN'
. /dev/stdin <<< 'RUN'
""".replace("v=(1 2 # )\n3)", "v=(1 2 # )\0 3)")

LINES = [line.replace("\0", "\n") for line in _LINES.strip().split("\n")]

TEXTS = [
    "cat <<E\"OF\"\n'\nEOF\nRUN\n#'",
    "cat <<\"E O\"F\n'\nE OF\nRUN\n#'",
    "cat <<''\n'\n\nRUN\n#'",
    "cat <<E\\OF\n'\nEOF\nRUN\n#'",
    "cat <<-E\n\t'\n\tE\nRUN\n#'",
    "cat <<E\n E\n'\nE\nRUN\n#'",
    "cat <<E\n'\\\nE\nE\nRUN\n#'",
    "cat <<E \"a\nb\"\nbody '\nE\nRUN\n#'",
    "cat <<A <<B\n'\nA\n'\nB\nRUN",
    "cat <<E; RUN\n'\nE\n",
    "cat <<E | bash\nRUN\nE\n",
    "bash <<'E'\nRUN\nE\n",
    "cat <<E\n$(RUN)\nE\n",
    "cat <<E\n${x#$(RUN)}\nE\n",
    "ssh h <<E\nRUN\nE\n",
    "ssh h bash -s <<E\nRUN\nE\n",
    "ssh -p 22 u@h <<'E'\nRUN\nE\n",
    "sudo -s <<E\nRUN\nE\n",
    "sudo -u root -i <<E\nRUN\nE\n",
    "su - <<E\nRUN\nE\n",
    "chroot /mnt <<E\nRUN\nE\n",
    "docker exec -i c sh <<E\nRUN\nE\n",
    "kubectl exec -i p -- sh <<E\nRUN\nE\n",
    "{ bash; } <<E\nRUN\nE\n",
    'while read -r line; do bash -c "$line"; done <<E\nRUN\nE\n',
    "f() {\n  RUN\n}\nf",
    'f()\n{ "$@"; }\nf RUN',
    "echo a\r# ; RUN",
    "echo a\x0b# ; RUN",
    "echo ’; RUN; echo ’",
    "echo ＇; RUN #＇",
]
