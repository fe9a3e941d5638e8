"""What the accounts contribute: the demo's organisations and people, and the commands about them."""

from gisapp.accounts import demo
from gisapp.accounts.key_commands import KEYS
from gisapp.accounts.people import USER
from gisapp.layer import App, DemoPart, Text, register

register(
    App(
        name="accounts",
        commands=(USER, KEYS),
        demo=[DemoPart(80, Text("Organisationen und Konten", "Organisations and accounts"), demo.build)],
    )
)
