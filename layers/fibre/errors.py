"""The refusals of the network's rules, by their stable codes. `{message}` is the database's own sentence."""

from gisapp.errors import ErrorText

ROUTE = (
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
