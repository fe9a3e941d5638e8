from tests.browser.conftest import DESKTOP, PHONE, drawn
from tests.browser.test_fibre_page import opened


def test_shots(visit):
    for name, device, scheme in (("d", DESKTOP, "light"), ("dd", DESKTOP, "dark"), ("p", PHONE, "light")):
        page = opened(visit, color_scheme=scheme, **device)
        drawn(page)
        page.wait_for_timeout(800)
        page.screenshot(path=f"/tmp/wt-rights/{name}0.png")
        page.get_by_role("link", name="NVt-07").click()
        page.wait_for_timeout(1500)
        drawn(page)
        page.wait_for_timeout(500)
        page.screenshot(path=f"/tmp/wt-rights/{name}1.png")
        page.locator("#fibre-detail").get_by_role("link", name="T-1", exact=True).click()
        page.wait_for_timeout(1500)
        drawn(page)
        page.wait_for_timeout(500)
        page.screenshot(path=f"/tmp/wt-rights/{name}2.png")
        page.screenshot(path=f"/tmp/wt-rights/{name}2full.png", full_page=True)
