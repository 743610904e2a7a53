# ruff: noqa: E501 — forms, one after the other
"""Forms of bash, made at random from a grammar: every form runs commands `m0`, `m1`, … of its own, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

NOISE = (
    "a", "-x", "/srv/q", "'#'", '"#"', "a#b", "'it'\\''s'", "\"it's\"", "'\"'", '"a;b"', "'$('", '"\\$("', "\\(", "\\)",
    "\\;", "'&&'", '"`:`"', "'`'", "$'\\''", '"}"', "'}'", "{", "}", "done", "esac", "'fi'", "a=b", "=", "-", "--", "$",
    '"$"', "''", '""', "$x", '"$x"', "${x}", "$?", "$((1+2))", "$(( (1+2) * 3 ))", '"$((1))"', "\\\\", "'\\'", "!",
    "${x:-'}'}", "\"${x:-'}\"", '"${x:-"}"}"', "${#x}", "$'a\\tb'", '$"a"', "if", "case", "in", "[", "]", "[[", "a\\\nb",
    "<(:)", "{a,b}", "{1..2}", "~", "a:b", "@", "%", "a'b'c", 'a"b c"d', "\\'", '\\"', "\\#", "${x#'}'}", "${x%\"}\"}",
    "${x/a/\\}}", "$[1+1]",
)  # fmt: skip
BODIES = (
    "a", "'", '"', ")", "(", "#", "it's", "done", "esac", "}", "{", "\\`", "\\$(", "; a", "a & b", "<<F", "  E", "\tE x",
    "E ", "E\\", "", "fi", "$x", "${x}", "$((1))", "a\\", "`:`", "$(:)", '"$(:)"', "${x:-a}", "\\\\",
)  # fmt: skip


class Forms:
    """Makes forms from a seed; `ran` counts the commands that the last one holds."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.count = 0

    def form(self) -> str:
        """One form, of one or more lines."""
        self.count = 0
        lines = [self.listed(self.random.choice((1, 2, 2, 3, 4))) for _ in range(self.random.choice((1, 1, 2)))]
        return "\n".join(lines) + "\n"

    # --- words --------------------------------------------------------------------------------------------------------
    def noise(self, most: int = 3) -> str:
        return "".join(" " + self.random.choice(NOISE) for _ in range(self.random.randrange(most + 1)))

    def mark(self) -> str:
        self.count += 1
        return f"m{self.count}"

    def name(self) -> str:
        mark = self.mark()
        spellings = (
            "\\" + mark, mark[0] + '"' + mark[1:] + '"', "'" + mark + "'", f"m${{x}}{mark[1:]}", f"$(echo {mark})",
            f"`echo {mark}`", f"${{x:-{mark}}}", f'"${{x:-{mark}}}"', f"$'\\x6d'{mark[1:]}", f"m\\\n{mark[1:]}",
            f"$(printf %s {mark})", f"${{y:+{mark}}}", f'"$(echo "{mark}")"',
        )  # fmt: skip
        return mark if self.random.random() < 0.7 else self.random.choice(spellings)

    def quoted(self, text: str) -> str:
        """The text as one word, in one of the ways to quote."""
        way = self.random.randrange(4)
        if way == 0:
            return "'" + text.replace("'", "'\\''") + "'"
        if way == 1:
            return '"' + "".join("\\" + char if char in '\\"$`' else char for char in text) + '"'
        if way == 2:
            escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
            return "$'" + escaped + "'"
        return "'" + text.replace("'", "'\"'\"'") + "'"

    # --- commands -----------------------------------------------------------------------------------------------------
    def simple(self) -> str:
        text = self.name() + self.noise()
        if self.random.random() < 0.15:
            text = self.random.choice(("z=1 ", "z=$x ", "z= ", "2>&1 ", "< /dev/null ", "> out ")) + text
        return text + (self.random.choice((" 2>&1", " > out", " 2>/dev/null", " <<< 'a'")) if self.chance(0.15) else "")

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def listed(self, depth: int) -> str:
        """Commands joined as a list, on one line or several."""
        parts = [self.command(depth) for _ in range(self.random.choice((1, 1, 1, 2, 2, 3)))]
        text = parts[0]
        for part in parts[1:]:
            if text.rstrip(" ").endswith("\n"):
                text += part
            else:
                joint = self.random.choice(("; ", "\n", " | ", ";", "\n\n", " # it's\n", " ; ", " |\n"))
                text += joint + part
        return text

    def block(self, depth: int) -> str:
        """A list that ends as a word that closes a compound command may follow."""
        text = self.listed(depth)
        return text if text.endswith("\n") else text + self.random.choice((";", "\n", " ;", " # )\n"))

    def command(self, depth: int) -> str:
        if depth <= 0 or self.chance(0.25):
            return self.simple()
        made: Callable[[int], str] = self.random.choice(self._KINDS).__get__(self)
        return made(depth - 1)

    def group(self, depth: int) -> str:
        return self.random.choice(("{ %s }", "{\n%s }", "! { %s }", "time { %s }", "time -p { %s }")) % self.block(
            depth
        )

    def subshell(self, depth: int) -> str:
        inner = self.listed(depth)
        return self.random.choice(("(%s)", "( %s )", "(\n%s)")) % self.closed(inner)

    def closed(self, text: str) -> str:
        """A list before a `)`: none may end in a comment, nor in a word that a parenthesis would continue."""
        return text if text.endswith("\n") or self.chance(0.6) else text + "\n"

    def conditional(self, depth: int) -> str:
        ways = (
            "if :; then %s fi", "if false; then :; else %s fi", "if false; then :; elif :; then %s fi", "if\n:\nthen\n%s fi",
            "if [[ a < b && ( -n a ) ]]; then %s fi", "if [[ ab =~ (a|b)* ]]; then %s fi", "if ((1 < 2)); then %s fi",
        )  # fmt: skip
        return self.random.choice(ways) % self.block(depth)

    def loop(self, depth: int) -> str:
        ways = (
            "for v in a; do %s done", "for v in a b; do %s done", "for v in a\ndo %s done", "for v in 'a b'; { %s }",
            "while :; do %s break; done", "until false; do %s break; done", "for ((i=0; i<1; i++)); do %s done",
            "for ((;;)) do %s break; done", "for v in done esac; do %s done", "while %s false; do :; done",
        )  # fmt: skip
        return self.random.choice(ways) % self.block(depth)

    def case(self, depth: int) -> str:
        ways = (
            "case a in a) %s esac", "case a in (a) %s;; esac", "case a in b) :;; a|c) %s;; esac", "case a in\n  *)\n%s\n;;\nesac",
            "case 'b c' in 'b c') %s;; esac", "case a in a) :;;& [ab]) %s;; esac", "case a in a) :;& z) %s;; esac",
            "case ) in \\)) %s;; esac", 'case "$x" in "") %s;; *) :;; esac',
        )  # fmt: skip
        way = self.random.choice(ways)
        if "case )" in way:
            way = way.replace("case )", "case \\)")
        return way % self.block(depth).rstrip(";").rstrip(" ;")  # a `;` before `;;` is none

    def function(self, depth: int) -> str:
        name = f"f{self.count}"
        ways = (
            name + "() { %s }; " + name, "function " + name + " { %s }; " + name, name + " ()\n{ %s }\n" + name + " a b",
            name + "() ( %s ); " + name,
        )  # fmt: skip
        return self.random.choice(ways) % self.block(depth)

    def called(self, depth: int) -> str:
        mark = self.mark() + self.random.choice(("", " a", " 'b c'"))
        ways = (
            'g() { "$@"; }; g %s', 'g() { "$1" a; }; g %s', "g() { $*; }; g %s", 'g() { shift; "$@"; }; g a %s',
            'set -- %s; "$@"', 'r=(%s); "${r[@]}"', 'r=(a %s); "${r[@]:1}"', "r=(); r+=(%s); ${r[*]}", "set -- a %s; ${@:2}",
            "for v in : %s; do $v; done", 'v="%s"; $v', 'g() { eval "$1"; }; g "%s"', 'bash -c \'"$@"\' _ %s',
            'read -r v <<< "%s"; $v', "c=%s; ${c}",
        )  # fmt: skip
        way = self.random.choice(ways)
        return way % (mark.partition(" ")[0] if way.startswith(("c=", "for v")) or '"%s"' in way else mark)

    def substitution(self, depth: int) -> str:
        inner = self.closed(self.listed(depth))
        ways = (
            ": $(%s)", ': "$(%s)"', "v=$(%s)", 'v="a $(%s) b"', ": $(( $(%s) + 1 ))", ": ${x:-$(%s)}", ': "${x:-$(%s)}"',
            ": ${y#$(%s)}", ": ${y:$(%s)}", ": ${y/a/$(%s)}", ": ${r[$(%s)]}", ": ${y%%$(%s)}", "((q = $(%s) + 1))",
            "[[ -n $(%s) ]]", "r=(a $(%s) b)", "echo $(%s) | :", ": <(%s)", "for v in $(%s) a; do :; done", ": $(\n%s)",
            "case $(%s) in *) :;; esac", ": >$(:)/dev/null$(%s)", ': "${y:+"$(%s)"}"', "r[$(%s)0]=1", "local=$(%s)",
            ": $( (%s) )", ": $((%s);:)", ": $((:);%s)", ": $(cat <<E\n'\nE\n)$(%s)", ": $(: # )\n%s)", ": ${y:+a$(%s)}",
        )  # fmt: skip
        return self.random.choice(ways).replace("%%", "%").replace("%s", inner, 1)

    def backtick(self, depth: int) -> str:
        inner = self.closed(self.listed(min(depth, 1)))
        escaped = inner.replace("\\", "\\\\").replace("`", "\\`").replace("$", "\\$")
        way = self.random.choice((": `%s`", ': "`%s`"', "v=`%s`", ": ${x:-`%s`}"))
        return way % (escaped.replace('"', '\\"') if '"' in way else escaped)

    def evaluated(self, depth: int) -> str:
        inner = self.listed(depth)
        ways = (
            "eval %s", "bash -c %s", "bash -euo pipefail -c %s", "bash -c %s a b", "bash <<< %s", "echo %s | bash",
            "printf '%%s\\n' %s | bash", "bash <(echo %s)", ". /dev/stdin <<< %s", "v=%s; eval \"$v\"", "env -S bash -c %s",
            "v=%s; bash -c \"$v\"", "trap %s EXIT", "command eval %s", "builtin eval %s", "exec bash -c %s",
            "env bash -c %s", "time -p bash -c %s", "{ :; bash; } <<< %s", "{ echo %s; :; } | bash", "eval -- %s",
            "echo %s > >(bash)", "command bash -c %s", "nohup bash -c %s", "timeout 5 bash -c %s",
        )  # fmt: skip
        way = self.random.choice(ways)
        if "echo" in way and "\\" in inner:
            way = "bash -c %s"
        text = way.replace("%%", "%").replace("%s", self.quoted(inner), 1)
        return f"( {text}\n)" if way.startswith(("trap", "exec")) else text

    def heredoc(self, depth: int) -> str:
        tabs = self.chance(0.3)
        body = [self.random.choice(BODIES) for _ in range(self.random.randrange(4))]
        literal = self.chance(0.5)
        word, end = (
            self.random.choice(
                (("'E'", "E"), ('"E"', "E"), ("E'F'", "EF"), ("\\E", "E"), ("''", ""), ('E"O F"', "EO F"))
            )
            if literal
            else ("E", "E")
        )
        if not literal:
            body.append(self.random.choice(("$(%s)", 'a "$(%s)"', "${x:-$(%s)}", "' $(%s)", "$(( $(%s) + 1 ))")))
        body = [line for line in body if line != end and line.strip("\t") != end]
        if not literal:
            body = [line for line in body if not line.endswith("\\") or line.endswith("\\\\")]
        inner = self.closed(self.listed(min(depth, 1)))
        lines = "".join(("\t" if tabs else "") + line.replace("%s", inner) + "\n" for line in body)
        operator = "<<-" if tabs else "<<"
        behind = self.random.choice(("", "; " + self.simple(), " | cat", " | " + self.simple(), ' "a\nb"', " $(:\n)"))
        start = self.random.choice(("cat", ":", "cat -"))
        if literal and self.chance(0.4):
            script = self.listed(min(depth, 1)) + "\n"
            if end and end not in script.split("\n") and not tabs:
                start, lines, behind = self.random.choice(("bash", "{ :; bash; }", "bash -s a")), script, ""
        return f"{start} {operator}{word}{behind}\n{lines}{end}\n"

    def test(self, depth: int) -> str:
        ways = ("[[ a == a ]] && ", "[[ (a == b) || -n a ]] && ", "[[ a =~ ^(a|b)$ ]] && ", "((1)) && ", ": && ", "false || ",
                "[[ ! -z a &&\n a < b ]] && ", "let 1 && ", "test a \\< b && ", "! false && ", "declare -a r=(1 2) && ",
                "r=(1 # )\n2) && ", "r=([a]=1 [b]='c )') ; ", "r[ # ]=1; ", "z=1; ")  # fmt: skip
        return self.random.choice(ways) + self.command(depth)

    def wrapped(self, depth: int) -> str:
        ways = ("time ", "time -p ", "command ", "command -p -- ", "! ", "env ", "env A=b ", "nohup ", "timeout 5 ", "nice -n 1 ",
                "env -u A ", "env -S'A=b' ", "time ! ", "exec 3>&1; ", "xargs ", "echo a | xargs ")  # fmt: skip
        way = self.random.choice(ways)
        return way + (self.mark() + " a" if way not in {"time ", "time -p ", "! ", "time ! "} else self.simple())

    _KINDS = (
        group, subshell, conditional, loop, case, function, called, substitution, substitution, backtick, evaluated,
        evaluated, heredoc, heredoc, test, wrapped,
    )  # fmt: skip
