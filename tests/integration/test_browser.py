"""The report and the viewer in a real browser: something is drawn, controls move it, nothing leaves it.

Without Chromium the tests are skipped, unless FEMURFE_BROWSER says that it is required.
"""

import io
import os
import shutil
import threading
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from helpers.reporting import LYTIC, made_sweep, small_run
from PIL import Image

from femurfe import api, write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--use-gl=angle",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
ACTIVE = "document.querySelectorAll('main script:not([type]), main img:not([alt])').length"
TITLE = 40
pytestmark = pytest.mark.slow


def needed(reason):
    """Skip, or fail where a browser is required."""
    if os.environ.get("FEMURFE_BROWSER") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        needed("there is no Chromium")
    try:
        from playwright import sync_api as playwright
    except ImportError:
        needed("there is no playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return small_run(tmp_path_factory.mktemp("browser"))


class Visit:
    """A page that was opened, what it asked for, and what it complained of."""

    def __init__(self, browser, url, width=640, height=560):
        self.page = browser.new_page(viewport={"width": width, "height": height})
        self.asked, self.said = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.set_default_timeout(120_000)
        self.page.goto(url)
        self.page.wait_for_selector("[data-scene][data-ready]")
        self.drawn()

    def _hear(self, message):
        if message.type == "error" or (message.type == "warning" and "ReadPixels" not in message.text):
            self.said.append(message.text)

    def drawn(self):
        """What is seen once what was asked for is drawn: (height, width, 3)."""
        self.page.evaluate(FRAMES)
        data = self.page.locator(".stage").screenshot(animations="disabled")
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)

    def status(self):
        return self.page.inner_text("[data-scene] figure [role=status]")

    def check_quiet(self, *allowed):
        """Nothing was complained of, and nothing but these addresses was asked for."""
        assert self.said == []
        assert [url for url in self.asked if not url.startswith(("data:", "blob:"))] == list(allowed)


@pytest.fixture(scope="module")
def path(results, tmp_path_factory):
    """The report as a file."""
    return write_report(results, tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture
def report(browser, path):
    """The report, opened from its file."""
    visit = Visit(browser, path.as_uri())
    yield visit
    visit.check_quiet(path.as_uri())
    visit.page.close()


def inked(picture):
    """Share of the pixels that are not paper."""
    return float((picture.min(axis=2) < 250).mean())


def test_every_control_changes_the_picture_and_reset_brings_it_back(report):
    page, first = report.page, report.drawn()
    assert inked(first) > 0.05
    changes = {
        "arm": lambda: page.select_option("[name=arm]", label=LYTIC),
        "load": lambda: page.select_option("[name=load]", label="twist"),
        "field": lambda: page.select_option("[name=field]", "von_mises"),
        "no cut": lambda: page.select_option("[name=cut]", "none"),
        "sagittal": lambda: page.select_option("[name=cut]", "sagittal"),
        "depth": lambda: page.locator("[name=depth]").fill("10"),
        "deformation": lambda: page.locator("[name=deform]").fill("100"),
        "through": lambda: page.check("[name=through]"),
        "view": lambda: page.click("[data-view=back]"),
        "region": lambda: page.select_option("[name=field]", "region"),
    }
    before = first
    for name, change in changes.items():
        change()
        after = report.drawn()
        assert inked(after) > 0.01, name
        assert (after != before).any(axis=2).mean() > 1e-3, name
        before = after
    assert page.is_visible(".legend .regions")
    page.click("[data-reset]")
    assert np.array_equal(report.drawn(), first)


def test_tiles_of_arms_differ_only_where_they_should(report):
    """Intact and lytic bone have one outline; the lesion shows by its own colour in one of them."""
    report.page.select_option("[name=field]", "region")
    pictures = []
    for arm in ("intact", LYTIC):
        report.page.select_option("[name=arm]", label=arm)
        pictures.append(report.drawn()[TITLE:])
    ink = [picture.min(axis=2) < 250 for picture in pictures]
    assert np.array_equal(*ink)
    red = [((p[..., 0] > 150) & (p[..., 1] < 60)).sum() for p in pictures]
    assert red[0] == 0
    assert red[1] > 200


def test_bone_that_is_seen_through_is_paler_but_there(report):
    page = report.page
    page.select_option("[name=cut]", "none")
    page.select_option("[name=field]", "region")
    page.select_option("[name=arm]", label="intact")
    solid = report.drawn()[TITLE:]
    page.check("[name=through]")
    pale = report.drawn()[TITLE:]
    bone = (solid.max(axis=2) < 240) & (solid.min(axis=2) > 60)
    assert bone.mean() > 0.05
    assert (pale[bone].mean(axis=1) < 250).mean() > 0.9
    assert pale[bone].mean() > solid[bone].mean() + 10


def test_all_works_by_the_keyboard_and_is_said_in_words(report):
    page = report.page
    page.focus("[name=arm]")
    assert "Largest: intact" in report.status()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    report.drawn()
    assert "risk under twist: intact" in report.status()
    page.focus("canvas.bone")
    for keys in ("ArrowLeft", "ArrowUp", "+", "-", "Shift+ArrowRight"):
        before = report.drawn()
        page.keyboard.press(keys)
        assert (report.drawn() != before).any(), keys
    page.keyboard.press("0")
    label = page.get_attribute("canvas.bone", "aria-label")
    assert label == f"3-D picture: {report.status()}"
    outline = page.evaluate("getComputedStyle(document.querySelector('canvas.bone')).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2.0


def test_names_do_nothing_and_the_page_fits_a_phone(browser, path):
    visit = Visit(browser, path.as_uri(), 360, 740)
    width, shown = visit.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= shown
    assert inked(visit.drawn()) > 0.02
    assert visit.page.evaluate(ACTIVE) == 0
    visit.check_quiet(path.as_uri())
    visit.page.close()


def test_without_webgl_the_page_says_so_and_is_otherwise_whole(browser, path):
    page = browser.new_page()
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(path.as_uri())
    page.wait_for_selector("[data-no-scene]:visible")
    assert "The 3-D scene needs WebGL 2" in page.inner_text("[data-no-scene]")
    assert not page.is_visible("[data-scene]")
    assert page.is_visible("main table")
    assert said == []
    page.close()


def test_the_report_prints_its_scene_its_sources_and_no_controls(report):
    page = report.page
    page.emulate_media(media="print")
    assert not page.is_visible("[data-scene] form")
    assert page.is_visible("canvas.bone")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('details[data-print]')].every((one) => one.open)")
    assert len(page.pdf()) > 50_000


CUT_OFF = """() => [...document.querySelectorAll('.wide')]
  .filter((one) => !one.closest('details:not([open])'))
  .filter((one) => one.firstElementChild.scrollWidth > one.clientWidth + 1)
  .map((one) => one.getAttribute('aria-label'))"""


@pytest.mark.parametrize("kind", ["run", "sweep"])
def test_no_table_and_no_picture_is_cut_off_on_paper(browser, path, tmp_path, kind):
    shown = path if kind == "run" else write_report(made_sweep(tmp_path, 12, ("intact", "lytic", "cement")))
    page = browser.new_page(viewport={"width": 680, "height": 900})  # what A4 leaves between its margins
    page.goto(shown.as_uri())
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.querySelectorAll('.wide').length") > 3
    assert page.evaluate(CUT_OFF) == []
    page.close()


def test_pictures_of_two_columns_keep_their_size_on_a_phone(browser, path):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(path.as_uri())
    widths = page.evaluate("[...document.querySelectorAll('.spans img')].map((one) => one.clientWidth)")
    assert widths
    assert min(widths) > 600
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


@pytest.fixture
def served(results, tmp_path):
    """A viewer of two cases, and its address."""
    for name in ("a", "b <i>"):
        shutil.copytree(results, tmp_path / name)
    viewer = api.viewer(tmp_path)
    thread = threading.Thread(target=viewer.serve, daemon=True)
    thread.start()
    yield viewer
    viewer.close()
    thread.join(10.0)


def test_the_viewer_shows_every_case_and_asks_for_nothing_else(browser, served):
    visit = Visit(browser, served.url)
    assert inked(visit.drawn()) > 0.05
    before = visit.drawn()
    visit.page.select_option("[name=cut]", "transverse")
    assert (visit.drawn() != before).any()
    visit.page.click("text='b <i>'")
    visit.page.wait_for_selector("[data-scene][data-ready]")
    assert visit.page.inner_text("[aria-current=page]") == "b <i>"
    assert inked(visit.drawn()) > 0.05
    visit.check_quiet(served.url, f"{served.url}1")
    visit.page.close()


def answer(url, host=None):
    """The status that a request gets."""
    request = Request(url, headers={} if host is None else {"Host": host})
    try:
        with urlopen(request, timeout=60) as found:
            return found.status
    except HTTPError as error:
        return error.code


def test_the_viewer_answers_this_machine_alone_and_only_who_knows_its_secret(served):
    import socket

    root = f"http://127.0.0.1:{served.port}"
    assert answer(served.url) == 200
    for path in ("/", "/x/", f"{served.url[len(root) : -2]}/"):
        assert answer(root + path) == 404, path
    for path in ("2", "-1", "a", "../0", "0/0"):
        assert answer(served.url + path) == 404, path
    assert answer(served.url, "example.org") == 404
    assert answer(served.url, f"localhost:{served.port}") == 200
    others = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in others - {"127.0.0.1", "127.0.1.1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
            socket.create_connection((address, served.port), timeout=2.0)
