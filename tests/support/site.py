"""A hook of mkdocs (mkdocs.yml): brings in pages that stand outside docs/, and the console's pictures that pages show.

Rule: a link is written as it works in the repository. Here it is turned into the site's; one that leads to a file that
the site does not have stays as it is, and mkdocs finds fault with it.
"""

import posixpath
import re
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[2]
_OUTSIDE: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "SECURITY.md": "SECURITY.md",
    "LICENSE": "LICENSE",
}
"""Path in the repository: path in the site."""
_INSIDE: Final = {in_site: in_repository for in_repository, in_site in _OUTSIDE.items()}
_PICTURES: Final = "tests/unit/tui/__snapshots__/test_screens/"
_LINK: Final = re.compile(r"(?<=\]\()([^)#\s:]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what stands outside docs/."""
    pictures = {
        target
        for page in files.documentation_pages()
        for target in _targets(page.src_uri, page.content_string)
        if target.startswith(_PICTURES)
    }
    for target in (*_OUTSIDE, *sorted(pictures)):
        files.append(File.generated(config, _in_site(target), abs_src_path=str(ROOT / target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn a page's links into the site's."""
    here = page.file.src_uri

    def turned(link: re.Match[str]) -> str:
        there = _in_site(_target(here, link[0]))
        return quote(posixpath.relpath(there, posixpath.dirname(here) or ".")) if there in files.src_uris else link[0]

    return _LINK.sub(turned, markdown)


def _targets(here: str, markdown: str) -> list[str]:
    """Where the links of a page lead, as paths in the repository."""
    return [_target(here, link) for link in _LINK.findall(markdown)]


def _target(here: str, link: str) -> str:
    folder = posixpath.dirname(_INSIDE.get(here, f"docs/{here}"))
    return posixpath.normpath(posixpath.join(folder, unquote(link)))


def _in_site(target: str) -> str:
    if target.startswith(_PICTURES):
        return "pictures/" + target.removeprefix(_PICTURES).replace("][", "-").replace("[", "-").replace("]", "")
    return _OUTSIDE.get(target, target.removeprefix("docs/"))
