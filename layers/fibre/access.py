"""Who sees and changes a network: the roles, and the tables beside the layers' own. `sql/access.sql` has what policies
cannot say.

A new table needs one line in GUARDED, behind the table that it hangs on (docs/developer/fibre-rights.md).
"""

from gisapp.accounts.roles import Role
from gisapp.guarded import Guarded
from gisapp.layer import Members, Text

SEES = Members({Role.PLANNER, Role.ENGINEER, Role.CONTRACTOR, Role.ADMIN})
"""Of the organisation that the network belongs to; memberships that are limited to areas see these areas."""
# A contractor changes what his membership's areas and days give him. Work orders narrow that to theirs: here, and in
# fibre_writers().
CHANGES = Members({Role.ENGINEER, Role.CONTRACTOR, Role.ADMIN})

# Work orders are written by these; contractors carry them out.
# Approved, issued and carried out by these: whoever gives rights to others answers for the network.
LEADS = Members({Role.ENGINEER, Role.ADMIN})
PLANS = Members({Role.PLANNER, Role.ENGINEER, Role.ADMIN})

# A joint lies where one of its tubes ends, in whosever trench that is; who sees an end sees the joint.
_JOINT_SEEN = (
    'EXISTS (SELECT FROM fibre_tubeend e WHERE e.joint_id = "fibre_tubejoint"."id") OR (SELECT gisapp_operator())'
)
_JOINT_EDITED = (
    "gisapp_operator() OR EXISTS (SELECT FROM fibre_tubesection s JOIN fibre_tube t ON t.id = s.tube_id "
    'JOIN fibre_duct d ON d.id = t.duct_id WHERE "fibre_tubejoint"."node_id" IN (s.from_node_id, s.to_node_id) '
    "AND gisapp_belongs(d.organisation_id, d.geom, fibre_writers()))"
)


# Those who plan see the orders of their areas; a contractor the one that he was given, on its days, while it is issued.
_ORDER_SEEN = f"""
EXISTS (SELECT FROM gisapp_within(ARRAY[{", ".join(f"'{one}'" for one in sorted(PLANS))}])
         WHERE reach_owner = fibre_workorder.organisation_id
           AND (reach_area IS NULL OR fibre_workorder.area IS NULL OR ST_Intersects(reach_area, fibre_workorder.area)))
OR (fibre_workorder.contractor_id = gisapp_user() AND fibre_workorder.state = 'issued'
    AND (now() AT TIME ZONE 'Europe/Berlin')::date BETWEEN coalesce(fibre_workorder.begins_on, '-infinity') AND fibre_workorder.ends_on
    AND EXISTS (SELECT FROM gisapp_grants(ARRAY['contractor']) g WHERE g.organisation_id = fibre_workorder.organisation_id))
OR (SELECT gisapp_operator())
"""  # noqa: S608 - names of roles

_READERS = ", ".join(f"'{one}'" for one in sorted(SEES))


def _at(model: str, title: Text, *nodes: str) -> Guarded:
    """An object of a network at nodes: its own organisation's, and near one of them for whoever is limited to areas.

    The node may be another network's: whose the object is counts, not whose ground it stands on.
    """
    table = f'"fibre_{model.lower()}"'
    near = " OR ".join(f'fibre_node_in({table}."{one}_id", reach_area)' for one in nodes)
    mine = f'{table}."organisation_id"'
    places = f"ST_Collect(ARRAY[{', '.join(f'fibre_node_place({table}.{chr(34)}{one}_id{chr(34)})' for one in nodes)}])"
    return Guarded(
        f"fibre.{model}", title, owner="organisation", within=tuple(SEES), edit=tuple(CHANGES),
        seen=f"EXISTS (SELECT FROM gisapp_within(ARRAY[{_READERS}]) WHERE reach_owner = {mine} AND (reach_area IS NULL OR {near})) "
             "OR (SELECT gisapp_operator())",
        edited=f"gisapp_belongs({mine}, {places}, fibre_writers()) OR gisapp_operator()",
    )  # fmt: skip


# A splice is where its enclosure is. A patch cord has none: its two ends say whose it is (a new one gets them after itself), and
# a joint without two is refused.
_SPLICE_SEEN = (
    'EXISTS (SELECT FROM fibre_jointend e WHERE e.joint_id = "fibre_joint"."id") OR (SELECT gisapp_operator())'
)
_SPLICE_EDITED = (
    'gisapp_operator() OR CASE WHEN "fibre_joint"."enclosure_id" IS NULL THEN EXISTS (SELECT FROM gisapp_grants(fibre_writers())) '
    "AND NOT EXISTS (SELECT FROM fibre_jointend e JOIN fibre_port p ON p.id = e.port_id LEFT JOIN fibre_enclosure n ON n.id = p.enclosure_id "
    'LEFT JOIN fibre_device d ON d.id = p.device_id WHERE e.joint_id = "fibre_joint"."id" AND NOT gisapp_belongs('
    "coalesce(n.organisation_id, d.organisation_id), fibre_node_place(coalesce(n.node_id, d.node_id)), fibre_writers())) "
    'ELSE EXISTS (SELECT FROM fibre_enclosure n WHERE n.id = "fibre_joint"."enclosure_id" '
    "AND gisapp_belongs(n.organisation_id, fibre_node_place(n.node_id), fibre_writers())) END"
)
# What runs where is for those who see the whole network.
_CIRCUIT_SEEN = (
    f'EXISTS (SELECT FROM gisapp_within(ARRAY[{_READERS}]) WHERE reach_owner = "fibre_circuit"."organisation_id" '
    "AND reach_area IS NULL) OR (SELECT gisapp_operator())"
)


def _catalogue(model: str, title: Text) -> Guarded:
    return Guarded(f"fibre.{model}", title, common=True, within=tuple(SEES))


GUARDED = (
    _catalogue("Colour", Text("Farben", "Colours")),
    _catalogue("ColourScheme", Text("Farbschemata", "Colour schemes")),
    _catalogue("SchemeColour", Text("Farben der Positionen", "Colours of the positions")),
    _catalogue("DuctSpec", Text("Rohrtypen", "Duct products")),
    _catalogue("DuctSpecTube", Text("Röhrchen eines Verbands", "Tubes of a bundle")),
    _catalogue("FittingSpec", Text("Verbindertypen", "Fittings")),
    # Operators make networks and hand them over.
    Guarded("fibre.Network", Text("Netze", "Networks"), owner="organisation", within=tuple(SEES)),
    # Whoever draws takes the next number (fibre_next_name, with its owner's rights); operators set the patterns.
    Guarded("fibre.NamingRule", Text("Namensregeln", "Naming rules"), parent="network"),
    Guarded("fibre.NamingCount", Text("Letzte Nummern", "Last numbers"), parent="network"),
    # Planners write orders too; what they do to the network needs the right to change it.
    Guarded("fibre.WorkOrder", Text("Aufträge", "Work orders"), owner="organisation", within=tuple(SEES), edit=tuple(PLANS), place="area",
            seen=_ORDER_SEEN),
    Guarded("fibre.OrderStep", Text("Schritte von Aufträgen", "Steps of work orders"), parent="order"),
    # Under which names an importer knows things; it is the installation's own.
    Guarded("fibre.Alias", Text("Kennungen der Quellen", "Ids of sources"), owner="network", seen="gisapp_operator()", edited="gisapp_operator()"),
    # Whoever lays a duct sees the trench that it is to lie in.
    Guarded("fibre.DuctStep", Text("Rohrwege", "Walks of ducts"), parent="duct",
            besides='EXISTS (SELECT FROM fibre_segment WHERE fibre_segment.id = "fibre_ductstep"."segment_id")'),
    Guarded("fibre.Tube", Text("Röhrchen", "Tubes"), parent="duct"),
    Guarded("fibre.TubeSection", Text("Röhrchenabschnitte", "Sections of tubes"), parent="tube"),
    Guarded("fibre.TubeEnd", Text("Röhrchenenden", "Ends of tubes"), parent="section"),
    Guarded("fibre.TubeJoint", Text("Verbinder", "Joints"), parent="node", seen=_JOINT_SEEN, edited=_JOINT_EDITED),
    _catalogue("CableSpec", Text("Kabeltypen", "Cable products")),
    _catalogue("CableAttenuation", Text("Dämpfungen", "Attenuations")),
    _catalogue("EnclosureSpec", Text("Gehäusetypen", "Enclosure products")),
    _catalogue("SplitterSpec", Text("Splittertypen", "Splitter products")),
    _catalogue("UsualLoss", Text("übliche Dämpfungen", "usual losses")),
    _catalogue("OpticsClass", Text("Optikklassen", "Optics classes")),
    _catalogue("OpticsBudget", Text("Dämpfungsbudgets", "Loss budgets")),
    _at("Device", Text("Geräte", "Devices"), "node"),
    Guarded("fibre.Tray", Text("Kassetten", "Trays"), parent="enclosure"),
    Guarded("fibre.Port", Text("Ports", "Ports"), parent=("enclosure", "device")),
    Guarded("fibre.Splitter", Text("Splitter", "Splitters"), parent="enclosure"),
    Guarded("fibre.SplitterLeg", Text("Beine von Splittern", "Legs of splitters"), parent="splitter"),
    Guarded("fibre.CableStep", Text("Kabelwege", "Ways of cables"), parent="cable"),
    Guarded("fibre.Slack", Text("Kabelreserven", "Slacks"), parent="cable"),
    Guarded("fibre.CableEntry", Text("Kabel in Gehäusen", "Cables in enclosures"), parent="cable"),
    Guarded("fibre.FibreSection", Text("Fasern", "Fibres"), parent="cable"),
    Guarded("fibre.Measure", Text("Längen von Kabeln", "Lengths of cables"), parent="cable", edited="false"),
    Guarded("fibre.JointEnd", Text("Enden von Verbindungen", "Ends of joints"), parent=("section", "port", "leg")),
    Guarded("fibre.Joint", Text("Verbindungen", "Joints"), owner="enclosure", seen=_SPLICE_SEEN, edited=_SPLICE_EDITED),
    _at("Premises", Text("Anschlussobjekte", "Premises"), "node"),
    Guarded("fibre.Unit", Text("Wohneinheiten", "Units"), parent="premises"),
    Guarded("fibre.Circuit", Text("Schaltungen", "Circuits"), owner="organisation", within=tuple(SEES), edit=tuple(CHANGES),
            seen=_CIRCUIT_SEEN),
    Guarded("fibre.CircuitEnd", Text("Enden von Schaltungen", "Ends of circuits"), parent="circuit"),
    Guarded("fibre.Lease", Text("Mieten und Reservierungen", "Leases and reservations"), parent=("tube", "cable", "enclosure")),
)  # fmt: skip
