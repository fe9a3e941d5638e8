"""The refusals of the network's rules, by their stable codes. `{message}` is the database's own sentence."""

from gisapp.errors import ErrorText

ROUTE = (
    ErrorText("network-differs", 409, "Das Netz {key} gibt es schon, als „{name}“ von {organisation}.",
              "There is a network {key} already, “{name}” of {organisation}."),
    ErrorText("network-stays", 409, "Ein Objekt bleibt in seinem Netz.", "An object stays in its network."),
    ErrorText("node-on-node", 409, "An dieser Stelle liegt schon ein Netzknoten.", "There is a node at this place already."),
    ErrorText("node-in-use", 409, "An diesem Netzknoten hängen Trassen.", "Segments hang at this node."),
    ErrorText("node-not-on-segment", 409, "Der Netzknoten liegt nicht auf der Trasse.", "The node is not on the segment."),
    ErrorText("node-not-between-two", 409, "Nur ein Abzweig zwischen genau zwei Trassen lässt sich herausnehmen.",
              "Only a branch between exactly two segments can be taken out."),
    ErrorText("segments-differ", 409, "Die beiden Trassen unterscheiden sich in Stand, Eigentum, Bauweise oder Maßen.",
              "The two segments differ in state, owner, construction or measures."),
    ErrorText("segment-closed", 409, "Die Trasse endet, wo sie beginnt.", "The segment ends where it begins."),
    ErrorText("segment-not-simple", 409, "Die Trasse kreuzt oder berührt sich selbst.", "The segment crosses or touches itself."),
    ErrorText("segment-misses-node", 409, "Die Trasse endet neben ihrem Netzknoten.", "The segment ends beside its node."),
    ErrorText("unknown-segment", 409, "Diese Trasse gibt es nicht.", "There is no such segment."),
    ErrorText("unknown-node", 409, "Diesen Netzknoten gibt es in diesem Netz nicht.", "There is no such node in this network."),
)  # fmt: skip

DUCTS = (
    ErrorText("duct-walk-broken", 409, "Der Rohrweg hat eine Lücke.", "The duct's walk has a gap."),
    ErrorText("duct-walk-repeats", 409, "Der Rohrweg kommt an einen Knoten zurück.", "The duct's walk comes back to a node."),
    ErrorText("duct-walk-empty", 409, "Ein Rohr liegt in mindestens einer Trasse.", "A duct lies in at least one segment."),
    ErrorText("duct-walk-lost", 409, "Ein Rohr, das schon lag, braucht einen Weg.", "A duct that was laid needs a walk."),
    ErrorText("duct-cut-off-walk", 409, "Ein Röhrchen ist an einem Knoten geschnitten, der nicht auf dem Rohrweg liegt.",
              "A tube is cut at a node that is not on the duct's walk."),
    ErrorText("duct-keeps-spec", 409, "Ein Rohr behält seinen Typ.", "A duct keeps its product."),
    ErrorText("tube-not-of-spec", 409, "Dieses Röhrchen hat der Rohrtyp nicht.", "The product has no such tube."),
    ErrorText("tube-not-cuttable-here", 409, "An diesem Netzknoten läuft das Röhrchen nicht ungeschnitten durch.",
              "The tube does not pass this node uncut."),
    ErrorText("tube-not-cut-here", 409, "An diesem Netzknoten ist das Röhrchen nicht geschnitten.", "The tube is not cut at this node."),
    ErrorText("tube-end-taken", 409, "An dem Schnitt sitzt ein Verbinder.", "There is a fitting at the cut."),
    ErrorText("unknown-tube", 409, "Dieses Röhrchen gibt es nicht.", "There is no such tube."),
    ErrorText("joint-elsewhere", 409, "Ein Röhrchenende liegt an einem anderen Netzknoten als sein Verbinder.",
              "A tube's end is at another node than its fitting."),
    ErrorText("joint-ends", 409, "Der Verbinder hat nicht so viele Enden, wie er braucht.", "The fitting has not as many ends as it needs."),
    ErrorText("joint-does-not-fit", 409, "Der Verbinder passt nicht auf diese Röhrchen.", "The fitting does not fit these tubes."),
    ErrorText("duct-occupied", 409, "An diesem Rohr sitzen Verbinder.", "There are fittings on this duct."),
    ErrorText("segment-occupied", 409, "In dieser Trasse liegen Rohre.", "Ducts lie in this segment."),
)  # fmt: skip
