"""Hooks of the documentation site: pages made of the code and of files outside docs/.

The guides are read in the repository, too. Their links lead to files there; in the site, such a
link leads to the page of that file, or to a copy of it.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path
from typing import Any, cast

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(ROOT / ".editable"))

import reference_pages  # noqa: E402

# Files at the top of the repository that are pages of the site.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
_loaded_from_elsewhere = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)"""
).findall
_link = re.compile(r"\[([^\[\]]+)\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name the pages of the reference in the navigation; leave out guides not yet written."""
    sections = cast(list[dict[str, Any]], config.nav)  # pyright: ignore[reportUnknownMemberType]
    for section in sections:
        for title, content in section.items():
            if title == "Reference":
                content.extend(
                    {page.title: f"reference/{page.file}.md"} for page in reference_pages.pages()
                )
            elif isinstance(content, list):
                entries = cast(list[dict[str, str]], content)
                content[:] = [each for each in entries if all(map(_is_there, each.values()))]
    return config


def _is_there(page: str) -> bool:
    return page in PAGES.values() or (ROOT / "docs" / page).is_file()


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages of the reference, those of files at the top, and copies of linked files."""
    for page in reference_pages.pages():
        files.append(File.generated(config, f"reference/{page.file}.md", content=page.text))
    for source, target in PAGES.items():
        if target not in files.src_uris:
            text = (ROOT / source).read_text(encoding="utf-8")
            files.append(File.generated(config, target, content=text))
    linked: set[str] = set()
    for file in files.documentation_pages():
        linked |= set(_outside(file.content_string, file.src_uri))
    for path in sorted(linked - PAGES.keys()):
        if (ROOT / path).is_file():
            files.append(File.generated(config, f"files/{path}", abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to files of the repository into links within the site."""

    def within(match: re.Match[str]) -> str:
        text, link, anchor = match.groups()
        path = _path_of(link, page.file.src_uri)
        if path is None:
            return match[0]
        if (ROOT / path).is_dir():
            # A folder of the repository, which the site has no page for.
            return text
        if path.startswith("docs/"):
            target = path.removeprefix("docs/")
        else:
            target = PAGES.get(path, f"files/{path}")
        start = posixpath.dirname(page.file.src_uri)
        return f"[{text}]({posixpath.relpath(target, start or '.')}{anchor or ''})"

    text = _link.sub(within, markdown)
    return _with_links_to_names(text) if page.file.src_uri == "reference.md" else text


def on_post_build(*, config: MkDocsConfig) -> None:
    """Every public name must be an anchor of its page, and no page load anything from elsewhere."""
    site = Path(config.site_dir)
    for html in site.rglob("*.html"):
        if found := _loaded_from_elsewhere(html.read_text(encoding="utf-8")):
            raise PluginError(f"{html.relative_to(site)} loads {found[0]}")
    missing = [
        name
        for page in reference_pages.pages()
        for name in page.names
        if f'id="{name}"' not in (site / f"reference/{page.file}.html").read_text("utf-8")
    ]
    if missing:
        raise PluginError(f"not on any page of the reference: {', '.join(missing)}")


def _outside(text: str, src_uri: str) -> list[str]:
    """The paths of files outside docs/ that a page links to."""
    found = [_path_of(match[2], src_uri) for match in _link.finditer(text)]
    return [path for path in found if path and not path.startswith("docs/")]


def _path_of(link: str, src_uri: str) -> str | None:
    """The path of a linked file in the repository; None if the link is one of the site."""
    top = next((source for source, target in PAGES.items() if target == src_uri), None)
    is_top = top is not None and not (ROOT / "docs" / src_uri).is_file()
    path = posixpath.normpath(
        posixpath.join("" if is_top else posixpath.join("docs", posixpath.dirname(src_uri)), link)
    )
    if not is_top and path.startswith("docs/"):
        return None
    return path


def _with_links_to_names(text: str) -> str:
    """Link the names in the first column of a table to their entry."""
    names = {
        name.removeprefix("loadbalancer."): name
        for page in reference_pages.pages()
        for name in page.names
    }

    def linked(match: re.Match[str]) -> str:
        name = names.get(match[2])
        return f"| [`{match[1]}`][{name}] |" if name else match[0]

    return re.sub(r"^\| `((\w+)[^`|]*)` \|", linked, text, flags=re.MULTILINE)
