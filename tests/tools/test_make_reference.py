# SPDX-License-Identifier: MIT
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

HEADER = """/* SPDX-License-Identifier: MIT */
/*
 * acrida - for tests.
 *
 * Rules
 *
 * - The first, told
 *   in two lines.
 *
 * So:
 *
 *     #include <acrida.h>
 *
 *     int a;
 */
#ifndef ACRIDA_H
#define ACRIDA_H
#ifdef __cplusplus
extern "C" {
#endif

/* ---- things */

/* What all things have in common: a < b. */

/* A thing. */
typedef struct acr_thing acr_thing;

typedef struct acr_parts acr_parts;

/* Its parts. */
struct acr_parts {
    int first; /* that one */
    /* both of them, see acr_take(thing, (1)) */
    const char *second, *third;

    void (*call)(int a, int b); /* told over
                                 * two lines | once */
    int end_;                   /* not to be set */
};

/* Made by others. */
typedef struct acr_closed {
    int secret;
} acr_closed;

/* How it is. */
typedef enum acr_state {
    ACR_GOOD, /* well */
    ACR_BAD = 7 /* not */
} acr_state;

/* Takes it;
 * gives it. */
int acr_take(acr_thing *thing, int way) __attribute__((format(printf, 1, 2)));
acr_thing *acr_give(void);

/* Called back. */
typedef int (*acr_called)(acr_thing *thing);

/* Twice. */
static inline int acr_twice(int number)
{
    return 2 * number;
}

/* clang-format off: so. */
/* ACR_MAKE(name, ...): makes one. */
#define ACR_MAKE(...) \\
    {                 \\
        __VA_ARGS__   \\
    }
#ifdef __cplusplus
#define ACR_HIDDEN_(a) acr_cxx(a)
#else
#define ACR_HIDDEN_(a) acr_c(a)
#endif
/* clang-format on */

/* At most. */
#define ACR_MOST 32

/* ---- for the macros */

void acr_register(void);

#ifdef __cplusplus
}
#endif
#endif
"""

PAGE = """| [Things](#things) | `acr_thing`, `acr_parts`, `acr_closed`, `acr_state`, `acr_take`, `acr_give`, \
`acr_called`, `acr_twice`, `ACR_MAKE`, `ACR_MOST` |

## Introduction

acrida - for tests.

### Rules

- The first, told
  in two lines.

So:

```c
#include <acrida.h>

int a;
```

## Things

What all things have in common: a \\< b.

### acr_thing

```h
typedef struct acr_thing acr_thing;
```

A thing.

### acr_parts

Its parts.

| Field | Is |
|---|---|
| `int first` | that one |
| `const char *second, *third` | both of them, see `acr_take(thing, (1))` |
| `void (*call)(int a, int b)` | told over two lines \\| once |

### acr_closed

Made by others.

### acr_state

How it is.

| Field | Is |
|---|---|
| `ACR_GOOD` | well |
| `ACR_BAD = 7` | not |

### acr_take, acr_give

```h
int acr_take(acr_thing *thing, int way);
acr_thing *acr_give(void);
```

Takes it;
gives it.

### acr_called

```h
typedef int (*acr_called)(acr_thing *thing);
```

Called back.

### acr_twice

```h
int acr_twice(int number);
```

Twice.

### ACR_MAKE

`ACR_MAKE(name, ...)`: makes one.

### ACR_MOST

```h
#define ACR_MOST 32
```

At most.
"""


@pytest.fixture
def header(tree):
    """header(old, new): writes the header with one change; returns the root of the tree."""

    def write(old="", new=""):
        assert old in HEADER
        tree("docs/README.md")
        tree("include/acrida.h", HEADER.replace(old, new, 1) if old else HEADER)
        return tree()

    return write


def test_all_that_the_header_says_is_on_the_page(header, tool):
    root = header()
    finished = tool("make_reference", root)
    assert (finished.returncode, finished.stdout) == (0, "")
    page = (root / "docs/reference-c.md").read_text()
    assert page[page.index("| [Things]"):] == PAGE
    finished = tool("make_reference", "--check", root)
    assert (finished.returncode, finished.stdout) == (0, "")


@pytest.mark.parametrize("old, new, said", [
    ("/* Its parts. */\n", "\n", "include/acrida.h:32: acr_parts has no comment above it"),
    (" /* that one */", "", "include/acrida.h:32: acr_parts: the field 'int first' has no comment"),
    ("    /* both of them, see acr_take(thing, (1)) */\n", "", "'const char *second, *third' has no comment"),
    (", /* well */", ",", "acr_state: the field 'ACR_GOOD' has no comment"),
    ("\nacr_thing *acr_give", "\n\nacr_thing *acr_give", "acr_give has no comment"),
    ("/* At most. */", "", "ACR_MOST has no comment"),
    ("/* Twice. */", "", "acr_twice has no comment"),
    ("/* ---- things */", "", "include/acrida.h: there is no section"),
])
def test_what_is_not_told_of_is_named_with_its_place(header, tool, old, new, said):
    root = header(old, new)
    written, checked = tool("make_reference", root), tool("make_reference", "--check", root)
    assert (written.returncode, checked.returncode) == (1, 1)
    assert said in written.stdout and written.stdout == checked.stdout


def test_a_page_that_is_out_of_date_is_an_error(header, tool):
    tool("make_reference", header())
    finished = tool("make_reference", "--check", header("A thing.", "Something."))
    assert (finished.returncode, finished.stdout.partition(":")[0]) == (1, "docs/reference-c.md is out of date")


def test_the_page_has_every_name_that_a_scenario_may_use():
    """Found in another way than the tool finds them."""
    text = (ROOT / "include/acrida.h").read_text()
    text = re.sub(r"/\*.*?\*/", "", text.partition("/* ---- for the macros */")[0], flags=re.S)
    found = re.findall(r"^\w[\w *]*\b(acr_\w+)\(|^#define (\w+)|\} (\w+);|^typedef .*?(\w+)(?:\([^)]*\))?;", text, re.M)
    names = {name for names in found for name in names if name and not name.endswith("_")}
    page = (ROOT / "docs/reference-c.md").read_text()
    headings = set(re.findall(r"\w+", " ".join(re.findall(r"^### (.*)$", page, re.M))))
    assert len(names) > 50
    assert names - headings == {"ACRIDA_H"}
