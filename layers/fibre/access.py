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

# A joint lies where one of its tubes ends, in whosever trench that is; who sees an end sees the joint.
_JOINT_SEEN = (
    'EXISTS (SELECT FROM fibre_tubeend e WHERE e.joint_id = "fibre_tubejoint"."id") OR (SELECT gisapp_operator())'
)
_JOINT_EDITED = (
    "gisapp_operator() OR EXISTS (SELECT FROM fibre_tubesection s JOIN fibre_tube t ON t.id = s.tube_id "
    'JOIN fibre_duct d ON d.id = t.duct_id WHERE "fibre_tubejoint"."node_id" IN (s.from_node_id, s.to_node_id) '
    "AND gisapp_belongs(d.organisation_id, d.geom, fibre_writers()))"
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
    # Whoever lays a duct sees the trench that it is to lie in.
    Guarded("fibre.DuctStep", Text("Rohrwege", "Walks of ducts"), parent="duct",
            besides='EXISTS (SELECT FROM fibre_segment WHERE fibre_segment.id = "fibre_ductstep"."segment_id")'),
    Guarded("fibre.Tube", Text("Röhrchen", "Tubes"), parent="duct"),
    Guarded("fibre.TubeSection", Text("Röhrchenabschnitte", "Sections of tubes"), parent="tube"),
    Guarded("fibre.TubeEnd", Text("Röhrchenenden", "Ends of tubes"), parent="section"),
    Guarded("fibre.TubeJoint", Text("Verbinder", "Joints"), parent="node", seen=_JOINT_SEEN, edited=_JOINT_EDITED),
)  # fmt: skip
