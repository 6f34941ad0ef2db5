#!/usr/bin/python3
"""usage: references.py extract FOLDER FILE.md...
       references.py facts FOLDER
       references.py keys|node-labels PART.json
       references.py within PART.json OBJECT.json

extract: out of Markdown, into FOLDER, untouched: each MCPServer as NN.yaml;
parts of one as NN.spec-N.yaml or NN.status-N.yaml, NN being the server that
stands before them; and for each group, GROUP.command-NN, the kubectl commands of
its documents, with GROUP.command-NN.rows, the table that a document shows
below a command.

facts: from FOLDER/NN.json, which kubectl made of the YAML, NN.facts for a
shell to read, NN.needs.json with the Secrets and ConfigMaps that it names,
and GROUP.fields, all fields that the group's servers have, a line for each object:
its path and what stands in it.

keys, node-labels: the fields of a part of a spec, and the labels of nodes that
it asks for. within: whether an object holds all that a part of it says, but
for times.
"""

import json
import pathlib
import re
import sys

FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.M | re.S)
HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1\n(.*?)^\2$", re.M | re.S)
VERBS = ("annotate", "api-resources", "auth", "describe", "edit", "explain",
         "get", "label", "logs", "patch", "rollout", "scale", "set", "wait")
OTHER_KINDS = re.compile(r"backup|plugins?\b(?!/)|securitypolic", re.I)



def load(file):
    return json.loads(pathlib.Path(file).read_text())


# ---- out of Markdown --------------------------------------------------------

def commands(block):
    """The commands of a shell block, each with the lines that follow it."""
    block = HEREDOC.sub("", block)
    found, text = [], ""
    for line in block.splitlines():
        if not text and not line.strip().startswith("kubectl "):
            if found and line.strip() and not line.strip().startswith("#"):
                found[-1][1].append(line.strip())
            continue
        text += line + "\n"
        if text.endswith("\\\n") or text.count("'") % 2:
            continue
        found.append((text.strip(), []))
        text = ""
    return found


def wanted(command):
    """Those that look at, or change, what an MCPServer is or became."""
    words = command.split()
    if "--dry-run=client" in command:
        return True
    return words[1] in VERBS and not OTHER_KINDS.search(
        re.sub(r"(?s)-p[ =]*'.*'", "", command))


def table(lines):
    return lines if lines and lines[0].startswith("NAME") else []


class Folder:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.servers = 0
        self.parts = 0
        self.commands = 0

    def write(self, name, text):
        (self.path / name).write_text(text)

    def command(self, group, command, rows):
        self.commands += 1
        name = f"{group}.command-{self.commands:02}"
        self.write(name, command + "\n")
        if rows:
            self.write(f"{name}.rows", "\n".join(rows) + "\n")

    def yaml(self, text):
        """Whether it is one of ours; the server or part is kept."""
        if re.search(r"^kind: *MCPServer *$", text, re.M):
            self.servers += 1
            self.parts = 0
            self.write(f"{self.servers:02}.yaml", text)
            return re.search(r"^apiVersion: *([^/\s]+)/", text, re.M)[1]
        part = re.match(r"(?:#[^\n]*\n|\s)*(spec|status):", text)
        if part and self.servers:
            self.parts += 1
            self.write(f"{self.servers:02}.{part[1]}-{self.parts}.yaml", text)
        return None


def extract(folder, files):
    for file in files:
        group, said = None, []
        for _, language, block in FENCE.findall(pathlib.Path(file).read_text()):
            if language in ("yaml", "yml"):
                for text in re.split(r"^---$", block, flags=re.M):
                    group = folder.yaml(text) or group
            elif language in ("bash", "sh", "shell", "console"):
                for _, _, text in HEREDOC.findall(block):
                    group = folder.yaml(text) or group
                said += [(c, table(rest)) for c, rest in commands(block)
                         if wanted(c)]
        if group:
            for command, rows in dict(said).items():
                folder.command(group, command, rows)


# ---- of the objects ---------------------------------------------------------

def walk(value, path=()):
    """Every (path, value), list members under their list's path."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield path + (key,), member
            yield from walk(member, path + (key,))
    elif isinstance(value, list):
        for member in value:
            yield from walk(member, path)


def references(spec):
    """(kind, name, keys) of what must be there before the pods."""
    for path, value in walk(spec):
        last = path[-1]
        if last in ("secretKeyRef", "configMapKeyRef"):
            yield last[:-6], value["name"], [value["key"]]
        elif last in ("secretRef", "configMapRef") and "envFrom" in path:
            yield last[:-3], value["name"], []
        elif path[:1] == ("volumes",) and last in ("secret", "configMap"):
            name = value.get("secretName") or value["name"]
            yield last, name, [i["key"] for i in value.get("items", [])]
        elif path == ("secretName",):
            yield "secret", value, []
        elif path == ("secretRefs",):
            for ref in value:
                yield "secret", ref["name"], [ref["key"]]


def needs(spec):
    """Nothing, or a List of them."""
    objects = {}
    for kind, name, keys in references(spec):
        secret = kind == "secret"
        made = objects.setdefault((kind, name), {
            "apiVersion": "v1",
            "kind": "Secret" if secret else "ConfigMap",
            "metadata": {"name": name},
            "stringData" if secret else "data": {},
        })
        data = made["stringData" if secret else "data"]
        data.update({key: "stand-in" for key in keys or ["STAND_IN"]})
    return json.dumps({"apiVersion": "v1", "kind": "List",
                       "items": list(objects.values())}) if objects else ""


# Below these, keys are the user's own.
OPEN = {"config", "env", "nodeSelector", "selector", "requests", "limits",
        "podLabels", "podAnnotations", "affinity"}


def fields(spec):
    for path, _ in walk(spec):
        opened = [i for i, key in enumerate(path[:-1]) if key in OPEN and
                  not (key == "env" and i == 0)]
        if not opened:
            yield ".".join(("spec",) + path[:-1]), path[-1]


def image_of(spec):
    image = spec.get("image") or spec.get("runtime", {}).get("image", "")
    if image and ":" not in image.rpartition("/")[2]:
        image += ":" + spec.get("tag", "latest")
    return image


def namespace_of(text):
    """kubectl puts one into the JSON where the YAML has none."""
    block = re.search(r"^metadata:\n((?:[ #].*\n|\n)+)", text, re.M)
    found = block and re.search(r"^  namespace: *(\S+)", block[1], re.M)
    return found[1].strip("\"'") if found else ""


def facts(folder):
    seen = {}
    for file in sorted(folder.path.glob("??.json")):
        server = load(file)
        spec = server["spec"]
        group = server["apiVersion"].partition("/")[0]
        transport = spec.get("transport", "")
        if isinstance(transport, dict):
            transport = transport.get("type", "")
        folder.write(f"{file.stem}.facts", "".join(
            f"{key}='{value}'\n" for key, value in {
                "group": group,
                "version": server["apiVersion"],
                "name": server["metadata"]["name"],
                "fixed": namespace_of(
                    file.with_suffix(".yaml").read_text()),
                "image": image_of(spec),
                "replicas": spec.get("replicas", 1),
                "transport": transport,
                "registry": "yes" if "registry" in spec else "",
            }.items()))
        folder.write(f"{file.stem}.needs.json", needs(spec))
        pages = seen.setdefault(group, {})
        for page, field in fields(spec):
            pages.setdefault(page, set()).add(field)
    for group, pages in seen.items():
        folder.write(f"{group}.fields", "".join(
            f"{page} {' '.join(sorted(pages[page]))}\n" for page in sorted(pages)))


# ---- parts of an object -----------------------------------------------------

def missing(part, whole, path=""):
    """The paths of what a part says and the whole does not."""
    if isinstance(part, dict) and isinstance(whole, dict):
        for key, value in part.items():
            if not key.endswith("Time"):
                yield from missing(value, whole.get(key), f"{path}.{key}")
    elif isinstance(part, list) and isinstance(whole, list):
        for value in part:
            if all(list(missing(value, w)) for w in whole):
                yield f"{path}: no {value}"
    elif part != whole:
        yield f"{path}: {part!r} is {whole!r}"


def within(part, whole):
    said = list(missing({"status": part.get("status")}, whole))
    sys.exit("\n".join(said) or 0)


def main():
    verb, files = sys.argv[1:2], sys.argv[2:]
    if verb == ["extract"] and len(files) > 1:
        extract(Folder(files[0]), files[1:])
    elif verb == ["facts"] and len(files) == 1:
        facts(Folder(files[0]))
    elif verb == ["keys"] and len(files) == 1:
        print(*load(files[0])["spec"])
    elif verb == ["node-labels"] and len(files) == 1:
        selector = load(files[0])["spec"].get("nodeSelector", {})
        print(*(f"{key}={value}" for key, value in selector.items()))
    elif verb == ["within"] and len(files) == 2:
        within(*map(load, files))
    else:
        sys.exit(__doc__)


main()
