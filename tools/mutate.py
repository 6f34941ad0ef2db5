#!/usr/bin/env python3
"""usage: tools/mutate.py [--n=200] [--seed=1] [--sims=12] [--seconds=T]
                       [--jobs=2] [--asan=1]
       tools/mutate.py --show FILE:LINE

Changes one line of src/control, src/kube or src/render at a time and looks
whether a test finds it.  Lines are a uniform sample of those that can be
changed, and so is the change among those of its line; the same seed gives the
same sample of the same sources.  What does not compile, or compiles to the
same code at -O2, does not count and is replaced by the next of the sample.

For each: the unit tests of its own room, those of the other two, then --sims
simulator seeds; the first that fails has found it.  All of that without
sanitizers, for speed: --asan=1 runs the unit tests once more under them, of
those that survived.  With --sims=0 those that the unit tests let pass are
left for a later run with seeds.  Needs the objects of `make mutate-objects`.  What is
done stands in build/mutate/results.json, so that --seconds may cut a run into
pieces.
"""
import concurrent.futures
import hashlib
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import threading
import time

ROOMS = ["control", "kube", "render"]
OUT = "build/mutate"
SEED0 = 3000
VERDICTS = ["unit", "asan", "sim", "survived", "pending"]
CPU_S = 10                      # a test that needs more goes round
WALL_S = 120

# ---- the lines --------------------------------------------------------------


def blank(text):
    """The same length, without what stands in comments and literals."""
    def spaces(m):
        s = m.group(0)
        if s[0] in "\"'":
            return s[0] + re.sub(r"[^\n]", "@", s[1:-1]) + s[-1]
        return re.sub(r"[^\n]", " ", s)
    return re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'",
                  spaces, text, flags=re.S)


def bodies(lines):
    """Numbers of the lines inside functions."""
    inside, out = False, []
    for i, line in enumerate(lines):
        if line.startswith("}"):
            inside = False
        if inside:
            out.append(i)
        if line == "{":
            inside = True
    return out


def closing(s, at):
    """Where the bracket that opens at `at` is closed on this line, or -1."""
    depth = 0
    for i in range(at, len(s)):
        depth += {"(": 1, ")": -1}.get(s[i], 0)
        if depth == 0:
            return i
    return -1


def arguments(s, at):
    """The (from, to) of a call's arguments, if it ends on this line."""
    end = closing(s, at)
    if end < 0:
        return []
    out, depth, start = [], 0, at + 1
    for i in range(at + 1, end + 1):
        c = s[i]
        if (c == "," and depth == 0) or i == end:
            out.append((start + (s[start:i][:1] == " "), i))
            start = i + 1
        depth += {"(": 1, ")": -1, "[": 1, "]": -1, "{": 1, "}": -1}.get(c, 0)
    return out


SWAPS = [
    ("boundary", r" (<=|>=|<|>) ",
     {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}),
    ("equality", r" (==|!=) ", {"==": "!=", "!=": "=="}),
    ("logic", r"(?:^|\s)(&&|\|\|)(?=\s|$)", {"&&": "||", "||": "&&"}),
    ("arithmetic", r" ([-+*/%]) (?=\S)",
     {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/"}),
    ("arithmetic", r" ([-+]=) ", {"+=": "-=", "-=": "+="}),
    ("bits", r" ([|&]) (?=\S)", {"|": "&", "&": "|"}),
    ("bits", r" (\|=|&=) ", {"|=": "&=", "&=": "|="}),
    ("bool", r"\b(true|false)\b", {"true": "false", "false": "true"}),
    ("jump", r"\b(break|continue);", {"break": "continue",
                                      "continue": "break"}),
]
DECLARATION = re.compile(
    r"^\t+(?:const |static |struct |enum |union |unsigned |int |bool |char |"
    r"void |long |size_t |ssize_t |u?int\d+_t |uintptr_t )")


def changes(raw, s, before):
    """(name, from, to, text) of each change that the line allows."""
    for name, pattern, to in SWAPS:
        for m in re.finditer(pattern, s):
            yield name, m.start(1), m.end(1), to[m.group(1)]
    for m in re.finditer(r"\b(if|while) \(", s):
        end = closing(s, m.end() - 1)
        if end > 0:
            cond = raw[m.end():end]
            yield "condition", m.end(), end, "!(" + cond + ")"
    for m in re.finditer(r"(?<=[ (\t])!(?=[a-z(])", s):
        yield "negation", m.start(), m.end(), ""
    for m in re.finditer(r"(?<![\w.@\"'])(\d+)(?![\w.@])", s):
        n = int(m.group(1))
        yield "constant", m.start(1), m.end(1), str(n + 1)
        if n > 0:
            yield "constant", m.start(1), m.end(1), str(n - 1)
    m = re.match(r"^\t+return ([^;]+);$", s)
    if m and m.group(1).strip() not in ("0", "true", "false"):
        yield "return", m.start(1), m.end(1), "0"
    whole = re.match(r"^(\t+)(\S.*;)$", s)
    if whole and s.count("(") == s.count(")") and \
            not DECLARATION.match(s) and re.search(r"[;{}):]$|else$|^$",
                                                   before):
        if "(" in s or "=" in s or "++" in s or "--" in s:
            if not s.strip().startswith("return"):
                yield "statement", whole.start(2), whole.end(2), ";"
    for m in re.finditer(r"\b[a-z]\w*\(", s):
        args = arguments(s, m.end() - 1)
        for a, b in zip(args, args[1:]):
            x, y = raw[a[0]:a[1]], raw[b[0]:b[1]]
            if x != y and re.fullmatch(r"[&\w.>-]+", x) and \
                    re.fullmatch(r"[&\w.>-]+", y):
                yield "arguments", a[0], b[1], y + ", " + x


class Mutant:
    def __init__(self, path, number, raw, change):
        self.path, self.number, self.raw = path, number, raw
        self.name, self.a, self.b, self.text = change
        self.new = raw[:self.a] + self.text + raw[self.b:]
        key = "%s:%d:%s:%s" % (path, number, raw, self.new)
        self.key = hashlib.sha1(key.encode()).hexdigest()[:12]
        self.room = path.split("/")[1]


def lines_of(path):
    text = open(path).read()
    raw, s = text.split("\n"), blank(text).split("\n")
    for i in bodies(s):
        before = next((x for x in reversed(s[:i]) if x.strip()), "")
        found = list(changes(raw[i], s[i], before.strip()))
        if found:
            yield i + 1, raw[i], found


def all_lines():
    out = []
    for room in ROOMS:
        for name in sorted(os.listdir("src/" + room)):
            if name.endswith(".c"):
                path = "src/%s/%s" % (room, name)
                out += [(path,) + x for x in lines_of(path)]
    return out


def sample(seed):
    """Every line once, in the order of the sample, with one change each."""
    rng = random.Random(seed)
    lines = all_lines()
    rng.shuffle(lines)
    for path, number, raw, found in lines:
        yield Mutant(path, number, raw, rng.choice(found))


# ---- building ---------------------------------------------------------------


def objects(folder):
    return sorted(folder + "/" + n for n in os.listdir(folder)
                  if n.endswith(".o")) if os.path.isdir(folder) else []


def linked():
    """What control is linked with, as the Makefile finds it."""
    with open("build/rooms.mk") as f:
        return re.search(r"^rooms_control := (.*)", f.read(), re.M)[1].split()


class Flavour:
    """How build/test or build/sim compiles and links."""

    def __init__(self, name):
        self.dir = "build/" + name
        self.flags = open(self.dir + "/.flags").read().split()
        self.flags = [f.replace('\\"', '"') for f in self.flags
                      if f != "-g" and not f.startswith("-W")] + [
            "-Werror=incompatible-pointer-types", "-Werror=int-conversion"]
        deps = "build/deps/" + os.uname().machine
        self.libs = ["-Wl,--start-group"] + [
            "%s/%s/lib/lib%s.a" % (deps, name, x)
            for x in ("yaml", "z", "bearssl")] + ["-Wl,--end-group"]

    def compile(self, mutant, source, out):
        return subprocess.run(
            self.flags + ["-iquote", os.path.dirname(mutant.path),
                          "-fmacro-prefix-map=%s=" %
                          source[:-len(mutant.path)],
                          "-c", "-o", out, source],
            stderr=subprocess.DEVNULL).returncode == 0

    def link(self, mutant, obj, parts, more, out):
        skip = "%s/%s.o" % (self.dir, mutant.path[:-2])
        cc = self.flags[:1] + [f for f in self.flags
                               if f.startswith("-fsanitize")]
        r = subprocess.run(cc + ["-s", "-o", out, obj] +
                           [p for p in parts if p != skip] + more +
                           self.libs, stderr=subprocess.PIPE, text=True)
        if r.returncode:
            sys.exit("cannot link: " + r.stderr[:2000])


class Bench:
    """One place to build and run mutants in; there may be several."""

    def __init__(self, sims, number):
        self.sims = sims
        self.out = "%s/%d" % (OUT, number)
        self.sim = Flavour("sim")
        self.world = objects("build/sim/tests/sim") + \
            ["build/sim/tests/fake_io.o", "build/sim/tests/hang.o"]
        self.wrap = subprocess.run(
            [os.environ.get("MAKE", "make"), "-s", "sim-wrap"],
            stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)

    @staticmethod
    def parts(flavour, units):
        out = []
        for room in linked():
            out += objects("%s/src/%s" % (flavour.dir, room))
        for room in ROOMS if units else ():
            out += objects("%s/tests/unit/%s" % (flavour.dir, room))
        return out + ([flavour.dir + "/tests/main.o"] if units else [])

    def source(self, mutant, changed):
        path = "%s/tree/%s" % (self.out, mutant.path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        lines = open(mutant.path).read().split("\n")
        if changed:
            lines[mutant.number - 1] = mutant.new
        with open(path, "w") as f:
            f.write("\n".join(lines))
        return path

    def plain(self, mutant):
        """The object of the unchanged file."""
        out = "%s/plain-%s.o" % (self.out,
                                 os.path.basename(mutant.path)[:-2])
        if not os.path.exists(out):
            self.sim.compile(mutant, self.source(mutant, False), out)
        with open(out, "rb") as f:
            return f.read()

    def judge(self, m):
        """"stillborn", "same", "unit", "sim" or "survived", and by what."""
        plain, source = self.plain(m), self.source(m, True)
        if not self.sim.compile(m, source, self.out + "/sim.o"):
            return "stillborn", ""
        with open(self.out + "/sim.o", "rb") as f:
            if f.read() == plain:
                return "same", ""
        by = self.unit(m, self.sim, self.out + "/sim.o")
        if by:
            return "unit", by
        return self.simulate(m, SEED0, self.sims) if self.sims else \
            ("pending", "")

    def simulated(self, m):
        """The same of one that the unit tests have let pass before."""
        self.sim.compile(m, self.source(m, True), self.out + "/sim.o")
        return self.simulate(m, SEED0, self.sims)

    def unit(self, m, flavour, obj):
        """What the unit tests say, its own room's first."""
        unit = self.out + "/unit"
        flavour.link(m, obj, self.parts(flavour, True),
                     [flavour.dir + "/libcheck.a"], unit)
        others = [r for r in ROOMS if r != m.room]
        for rooms in ([m.room], others):
            by = run([unit] + ["tests/unit/" + r for r in rooms],
                     r"^tests/\S+:\d+: .*")
            if by:
                return by
        return ""

    def sanitize(self, m):
        """The unit tests once more, under ASan and UBSan."""
        test, obj = Flavour("test"), self.out + "/asan.o"
        test.compile(m, self.source(m, True), obj)
        by = self.unit(m, test, obj)
        return ("asan", by) if by else ("survived", "asan")

    def simulate(self, m, seed0, n):
        self.sim.link(m, self.out + "/sim.o", self.parts(self.sim, False) +
                      self.world, self.wrap,
                      self.out + "/sim")
        by = run([self.out + "/sim", "--seed0=%d" % seed0, "--seeds=%d" % n,
                  "--failures=1", "--jobs=1"], r"^seed \d+ .*fails: .*",
                 "stdout")
        return ("sim", by) if by else ("survived", "")


def end(p):
    try:
        os.killpg(p.pid, 9)
    except ProcessLookupError:
        pass


def run(argv, pattern, stream="stderr"):
    """The first line that tells of a failure; "" when there is none."""
    def limits():
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, text=True,
                         errors="replace", preexec_fn=limits,
                         **{"stdout": subprocess.DEVNULL,
                            "stderr": subprocess.DEVNULL,
                            stream: subprocess.PIPE})
    alarm = threading.Timer(WALL_S, end, [p])
    alarm.start()
    by = ""
    for line in getattr(p, stream):
        m = re.match(pattern, line)
        if m:
            by = m.group(0)[:160]
            break
    if by:
        end(p)
    code = p.wait()
    alarm.cancel()
    return by or ("" if code == 0 else "ends with %d" % code)


# ---- all of it --------------------------------------------------------------


def table(done):
    by = {}
    for r in done:
        x = by.setdefault(r["name"], {})
        x[r["how"]] = x.get(r["how"], 0) + 1
    out = ["| change | unit | under ASan | simulator | survived |",
           "|---|---|---|---|---|"]
    for name in sorted(by):
        out.append("| %s | %s |" % (name, " | ".join(
            str(by[name].get(h, 0)) for h in VERDICTS[:4])))
    return "\n".join(out)


def report(results, order):
    done = [results[k] for k in order if k in results]
    counted = [r for r in done if r["how"] in VERDICTS]
    lived = [r for r in counted if r["how"] == "survived"]
    print(table(counted))
    for r in sorted(lived, key=lambda r: (r["path"], r["line"])):
        print("%s:%d: %s\n\t- %s\n\t+ %s" % (
            r["path"], r["line"], r["name"], r["raw"].strip(),
            r["new"].strip()))
    how = [r["how"] for r in done]
    print("%d of the sample did not compile, %d gave the same code" %
          (how.count("stillborn"), how.count("same")))
    print("%d mutants: %d found by unit tests, %d more under ASan, %d by "
          "the simulator, %d survived" % (
              len(counted), how.count("unit"), how.count("asan"),
              how.count("sim"), len(lived)))
    return len(counted)


def show(where):
    path, number = where.rsplit(":", 1)
    for n, raw, found in lines_of(path):
        for c in found if n == int(number) else ():
            print(c[0] + "\t" + Mutant(path, n, raw, c).new.strip())


class Results:
    """What is known of each mutant, kept in a file."""

    def __init__(self):
        self.path = OUT + "/results.json"
        self.of = {}
        if os.path.exists(self.path):
            self.of = json.load(open(self.path))

    def counts(self, key):
        return self.of[key]["how"] in VERDICTS

    def add(self, m, how, by, took):
        self.of[m.key] = {
            "path": m.path, "line": m.number, "name": m.name, "raw": m.raw,
            "new": m.new, "how": how, "by": by, "took": round(took, 1)}
        with open(self.path + ".new", "w") as f:
            json.dump(self.of, f, indent=1)
        os.rename(self.path + ".new", self.path)
        print("%s:%d %s: %s %s" % (m.path, m.number, m.name, how, by),
              flush=True)


def step_for(known, opt):
    """What is to be done of one of which this is known; None: nothing."""
    if not known:
        return Bench.judge
    if known["how"] == "pending" and opt["sims"]:
        return Bench.simulated
    if known["how"] == "survived" and opt["asan"] and known["by"] != "asan":
        return Bench.sanitize
    return None


def timed(benches, m, step):
    bench, began = benches.pop(), time.time()
    try:
        return step(bench, m) + (time.time() - began,)
    finally:
        benches.append(bench)


def work(opt, results, benches):
    """The keys of the sample so far, in its order."""
    end_at, order, running = time.time() + opt["seconds"], [], {}
    more = sample(opt["seed"])
    with concurrent.futures.ThreadPoolExecutor(opt["jobs"]) as pool:
        while True:
            busy = {m.key for m in running.values()}
            counted = sum(results.counts(k) for k in order
                          if k in results.of and k not in busy)
            while len(running) < opt["jobs"] and time.time() < end_at and \
                    counted + len(running) < opt["n"]:
                m = next(more)
                order.append(m.key)
                step = step_for(results.of.get(m.key), opt)
                if step:
                    running[pool.submit(timed, benches, m, step)] = m
                else:
                    counted += results.counts(m.key)
            if not running:
                return order
            done, _ = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED)
            for f in done:
                results.add(running.pop(f), *f.result())


def main(argv):
    opt = {"n": 200, "seed": 1, "sims": 12, "seconds": 1 << 30, "jobs": 2,
           "asan": 0}
    if argv[:1] == ["--show"]:
        return show(argv[1])
    for a in argv:
        name, _, value = a.lstrip("-").partition("=")
        if name not in opt:
            sys.exit(__doc__)
        opt[name] = int(value)
    benches = [Bench(opt["sims"], i) for i in range(opt["jobs"])]
    results = Results()
    order = work(opt, results, benches)
    return 0 if report(results.of, order) >= opt["n"] else 1


if __name__ == "__main__":
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    sys.exit(main(sys.argv[1:]))
