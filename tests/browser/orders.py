"""Writing work orders on their page, for the tests and for the pictures."""

from playwright.sync_api import Page, expect


def draft(page: Page, home: str, number: str, title: str = "Hausanschlüsse umlegen") -> None:
    page.goto(f"{home}/fibre/orders/")
    page.get_by_role("link", name="Neuer Auftrag").click()
    page.get_by_label("Nummer").fill(number)
    page.get_by_label("Bezeichnung").fill(title)
    page.get_by_label("Art").select_option("splice")
    page.get_by_role("button", name="Entwurf anlegen").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)


def step(page: Page, action: str, **fields: str) -> None:
    page.get_by_label("Nächster Schritt").select_option(action)
    page.get_by_role("button", name="Wählen").click()
    form = page.locator("#step-form")
    for name, value in fields.items():
        field = form.locator(f'[name="{name}"]')
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    form.get_by_role("button", name="Schritt anfügen").click()
    expect(page.locator("#step-form")).to_have_count(0)
