#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write docs/reference-c.md: all that include/acrida.h offers, with the comments that stand there.

The header's form: its first comment is the introduction. "/* ---- name */" begins a section. A comment tells of the
declarations right below it, up to the next blank line or comment; one that is followed by a blank line tells of the
section. A field's comment stands behind it or above it; a struct none of whose fields has one is shown without them.
Names that end in "_", and the section "for the macros", are nobody's business.

With --check nothing is written: what has no comment, and whether the page is out of date, is printed, and the exit code
is 1 then.
"""
import argparse
import dataclasses
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = "include/acrida.h"
PAGE = "docs/reference-c.md"
HIDDEN_SECTION = "for the macros"

HEAD = """# Scenarios in C: reference

Every name of `include/acrida.h`. How they go together is told in [Writing a locustfile in C](locustfile-c.md). Made by
`tools/make_reference.py`; do not edit.
"""

COMMENT = re.compile(r"/\*(.*?)\*/", re.S)
SECTION = re.compile(r"---- (.*)")
# What a name is in a text, unless it is marked as code already.
CODE = re.compile(r"(`[^`\n]*`)|(?<![\w`])((?:acr|ACR|ACRIDA)_\w+(?:\((?:[^()\n]|\([^()\n]*\))*\))?)")
ATTRIBUTE = re.compile(r"\s*__attribute__\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)")


@dataclasses.dataclass
class Item:
    """A declaration; `text`: without its comments and attributes, on one line; `fields`: (declaration, comment)."""

    name: str
    text: str
    line: int
    fields: list = dataclasses.field(default_factory=list)

    @property
    def is_hidden(self):
        return self.name.endswith("_")


@dataclasses.dataclass
class Group:
    """A comment and the declarations that it is about; without any: about the section."""

    comment: str
    items: list


@dataclasses.dataclass
class Section:
    name: str
    groups: list


# ---- reading

def without_cxx(lines):
    """(number, line) of each line that a C compiler sees, and no line of a condition."""
    states = []
    for number, line in enumerate(lines, 1):
        condition = re.match(r"\s*#\s*(ifdef|ifndef|if|else|endif)\b\s*(\w*)", line)
        if not condition:
            if all(states):
                yield number, line
        elif condition[1] == "endif":
            states.pop()
        elif condition[1] == "else":
            states[-1] = not states[-1]
        else:
            states.append((condition[1], condition[2]) != ("ifdef", "__cplusplus"))


def pieces_of(text):
    """The header in pieces of whole lines, as (line number, text): blank lines, comments, macros, declarations."""
    number, piece = 0, ""
    for at, line in without_cxx(text.splitlines()):
        number = number if piece else at
        piece += line + "\n"
        if not is_open(piece):
            yield number, piece.strip()
            piece = ""


def is_open(piece):
    """Does it go on in the next line?"""
    code = COMMENT.sub("", piece).strip()
    if "/*" in code or code.endswith("\\"):
        return True
    if code == "" or code.startswith("#"):
        return False
    is_function = code.endswith("}") and not code.startswith(("typedef", "struct", "enum"))
    return code.count("{") != code.count("}") or not (code.endswith(";") or is_function)


def clean(comment):
    """The text of a comment: without its frame of stars, with its own line breaks."""
    lines = [re.sub(r"^\s*\* ?", "", line) if number else line.strip()
             for number, line in enumerate(comment.splitlines())]
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def comment_of(piece):
    """Of a piece that is nothing but a comment; None for others."""
    found = COMMENT.fullmatch(piece)
    return clean(found[1]) if found else None


def one_line(code):
    return re.sub(r"\s+", " ", ATTRIBUTE.sub("", code)).strip()


def fields_of(body, end):
    """(declaration, comment) of each field, or of each constant of an enum; comments are "" where there are none.

    end: what is behind each of them.
    """
    fields, above, last = [], "", 0
    for part in re.finditer(rf"/\*(.*?)\*/|\n[ \t]*\n|[^{end}/]+(?:{end}|(?=/\*)|\Z)", body, re.S):
        text = one_line(part[0].rstrip().removesuffix(end))
        if part[1] is not None and fields and "\n" not in body[last:part.start()]:
            fields[-1] = (fields[-1][0], clean(part[1]))
        elif part[1] is not None:
            above = clean(part[1])
        elif text:
            fields.append((text, above))
            last = part.end()
        elif part[0].count("\n") > 1:
            above = ""
    return fields


def macro_of(code, line):
    found = re.match(r"#define (\w+(?:\([^)]*\))?)\s*(.*)", code, re.S)
    if not found:
        return None
    name, value = re.match(r"\w+", found[1])[0], found[2].strip()
    # A macro with arguments is shown as it is called; one without, with its value.
    return Item(name, found[1] if "(" in found[1] else f"#define {name} {value}".strip(), line)


def declaration_of(code, line):
    body = re.fullmatch(r"(typedef |)((struct|enum|union)\b[^{]*)\{(.*)\}\s*(\w*)\s*;", code, re.S)
    if body:
        name = body[5] or one_line(body[2]).split()[-1]
        return Item(name, f"{body[3]} {name}", line, fields_of(body[4], "," if body[3] == "enum" else ";"))
    text = one_line(COMMENT.sub("", code))
    if text.endswith("}"):
        text = text.partition("{")[0].strip().removeprefix("static inline ") + ";"
    name = re.search(r"\(\*(\w+)\)|(\w+)\(|(\w+)(?:\[[^\]]*\])?;$", text)
    return Item(name[1] or name[2] or name[3], text, line)


def item_of(code, line):
    return macro_of(code, line) if code.startswith("#") else declaration_of(code, line)


def begin_section(sections, name):
    sections.append(Section(name, []))


def add_group(sections, comment):
    """Also takes the place of a comment without declarations: that one was about the section."""
    if sections:
        sections[-1].groups.append(Group(comment, []))


def add_item(sections, item, follows):
    """follows: right below a comment or another declaration."""
    if not follows or not sections[-1].groups:
        add_group(sections, "")
    sections[-1].groups[-1].items.append(item)


def drop_forward_declarations(section):
    """Those of structs that the same section describes."""
    described = {item.name for group in section.groups for item in group.items if item.fields}
    for group in section.groups:
        group.items = [item for item in group.items if item.fields or item.name not in described]


def read_header(text):
    """Its introduction and its sections."""
    introduction, sections, follows = None, [], False
    for line, piece in pieces_of(text):
        comment = comment_of(piece)
        heading = SECTION.fullmatch(comment) if comment else None
        if heading:
            begin_section(sections, heading[1])
        elif comment is None and piece and sections:
            item = item_of(piece, line)
            if item is not None:
                add_item(sections, item, follows)
        elif comment and not comment.startswith(("clang-format", "SPDX")):
            introduction = introduction if introduction is not None else comment
            add_group(sections, comment)
        # What says how to format the next line does not come between that and what is said of it.
        follows = bool(piece) if not (comment or "").startswith("clang-format") else follows
    shown = [section for section in sections if section.name != HIDDEN_SECTION]
    for section in shown:
        drop_forward_declarations(section)
    return introduction or "", shown


# ---- what is missing

def problems_of(sections):
    if not sections:
        yield f"{HEADER}: there is no section (/* ---- name */)"
    for section in sections:
        for group in section.groups:
            for item in group.items:
                yield from problems_of_item(group, item)


def problems_of_item(group, item):
    if item.is_hidden:
        return
    if not group.comment:
        yield f"{HEADER}:{item.line}: {item.name} has no comment above it"
    if any(comment for _, comment in item.fields):
        for field, comment in item.fields:
            if not comment and not field.endswith("_"):
                yield f"{HEADER}:{item.line}: {item.name}: the field '{field}' has no comment"


# ---- writing

def prose(text):
    """A piece of text as Markdown."""
    marked = CODE.sub(lambda found: found[1] or f"`{found[2]}`", text)
    return "".join(part if part.startswith("`") else re.sub(r"([<*|])", r"\\\1", part)
                   for part in re.split(r"(`[^`]*`)", marked))


def paragraphs(comment):
    """A comment as Markdown: lines that are indented by four are code, a word alone is a heading."""
    out = []
    for block in re.split(r"\n{2,}(?! {4})|\n{2,}(?= {4})", comment):
        if block.startswith("    ") and out and out[-1].startswith("```"):
            out[-1] = out[-1].removesuffix("\n```") + "\n\n" + unindented(block) + "\n```"
        elif block.startswith("    "):
            out.append("```c\n" + unindented(block) + "\n```")
        else:
            out.append(f"### {block}" if re.fullmatch(r"\w+", block) else as_list(block))
    return "\n\n".join(out)


def unindented(block):
    return "\n".join(line.removeprefix("    ") for line in block.splitlines())


def as_list(block):
    """Items begin with "- "; what else is at the left edge belongs to the item before it."""
    lines = block.splitlines()
    if not any(line.startswith("- ") for line in lines):
        return prose(block)
    return "\n".join(line if line.startswith("- ") else "  " + line.lstrip() for line in prose(block).splitlines())


def table_of(item):
    yield from ("", "| Field | Is |", "|---|---|")
    for field, comment in item.fields:
        if not field.endswith("_"):
            yield f"| `{field}` | {prose(' '.join(comment.split()))} |"


def group_lines(group):
    items = [item for item in group.items if not item.is_hidden]
    if group.items and not items:
        return
    if items:
        yield from ("", "### " + ", ".join(dict.fromkeys(item.name for item in items)))
    # How a macro with any arguments is called is told by its comment.
    plain = [item for item in items if not item.fields and not item.text.endswith("(...)")]
    if plain:
        yield from ("", "```h", *(item.text for item in plain), "```")
    if group.comment:
        yield from ("", paragraphs(group.comment))
    for item in items:
        if any(comment for _, comment in item.fields):
            yield from table_of(item)


def anchor(heading):
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def title(section):
    return section.name[0].upper() + section.name[1:]


def contents(sections):
    yield from ("", "| Section | Names |", "|---|---|")
    for section in sections:
        names = dict.fromkeys(item.name for group in section.groups for item in group.items if not item.is_hidden)
        yield f"| [{title(section)}](#{anchor(section.name)}) | " + ", ".join(f"`{name}`" for name in names) + " |"


def page_of(introduction, sections):
    # Its first line is the name and the purpose, which the page's own heading says.
    lines = [HEAD.rstrip(), *contents(sections), "", "## Introduction", "", paragraphs(introduction)]
    for section in sections:
        lines += ["", f"## {title(section)}"]
        for group in section.groups:
            lines += group_lines(group)
    return "\n".join(lines) + "\n"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, say what is wrong")
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=ROOT)
    return parser.parse_args()


def main():
    options = parse_arguments()
    page = options.root / PAGE
    introduction, sections = read_header((options.root / HEADER).read_text(encoding="utf-8"))
    problems = list(problems_of(sections))
    text = page_of(introduction, sections)
    if not options.check:
        page.write_text(text, encoding="utf-8")
    elif not page.exists() or page.read_text(encoding="utf-8") != text:
        problems.append(f"{PAGE} is out of date: run tools/make_reference.py")
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
