"""The documentation is whole: it builds as a site, its links and the paths it names lead somewhere.

Rule: the site works without a network; nothing in its pages is fetched from another host.
"""

import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
FETCHED = re.compile(
    r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"(https?:)?//[^>]*>|url\(['\"]?(?:https?:)?//|@import"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. A warning of mkdocs (a dead link, an anchor that is not there) fails the test."""
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder)))
    return folder


def test_the_site_fetches_nothing(site: Path) -> None:
    """No page, style or script of the site asks another host for anything."""
    texts = {path: path.read_text() for suffix in ("html", "css") for path in site.rglob(f"*.{suffix}")}
    assert len(texts) > 10
    assert not {path.name: found[0] for path, text in texts.items() if (found := FETCHED.search(text))}


def test_every_page_is_in_the_site(site: Path) -> None:
    """Each page of docs/ has become one of the site, and so have those beside README.md."""
    names = {path.stem for path in site.rglob("*.html")}
    assert {path.stem for path in PAGES if path.stem != "README"} <= names


def test_every_decision_is_in_the_list() -> None:
    """Each decision record has its line in docs/adr/README.md, in order."""
    listed = re.findall(r"^\| \[(\d+)\]\(([^)]*)\)", (ROOT / "docs/adr/README.md").read_text(), re.MULTILINE)
    files = sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
    assert [name for _, name in listed] == files
    assert [number for number, _ in listed] == [name[:4] for name in files]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_exist(page: Path) -> None:
    """Each file or folder of this tree that a page names is there."""
    named = re.findall(r"`((?:b2bua|routing|tui|tests|docs|requirements)/[\w./-]*)", page.read_text())
    assert not [path for path in named if not (ROOT / path).exists() and not list(ROOT.glob(f"{path}*"))]
