"""The refusals of the network's rules, by their stable codes. `{message}` is the database's own sentence."""

from gisapp.errors import ErrorText

ROUTE = (
    ErrorText("network-differs", 409, "Das Netz {key} gibt es schon, als „{name}“ von {organisation}.",
              "There is a network {key} already, “{name}” of {organisation}."),
    ErrorText("network-stays", 409, "Ein Objekt bleibt in seinem Netz.", "An object stays in its network."),
    ErrorText("node-on-node", 409, "An dieser Stelle liegt schon ein Netzknoten.", "There is a node at this place already."),
    ErrorText("node-in-use", 409, "Dieser Netzknoten wird gebraucht.", "This node is in use."),
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
    ErrorText("duct-occupied", 409, "Das Rohr ist belegt.", "The duct is occupied."),
    ErrorText("segment-occupied", 409, "In dieser Trasse liegen Rohre oder Kabel.", "Ducts or cables lie in this segment."),
    ErrorText("tube-of-duct", 409, "Ein Röhrchen geht nur mit seinem Rohr.", "A tube goes with its duct only."),
    ErrorText("fitting-not-divisible", 409, "Über einem Kabel schließt nur ein teilbarer Verbinder.",
              "Over a cable only a divisible fitting closes."),
)  # fmt: skip

CABLES = (
    ErrorText("cable-way-broken", 409, "Der Weg des Kabels hat eine Lücke.", "The cable's way has a gap."),
    ErrorText("cable-way-misses-end", 409, "Der Weg des Kabels endet nicht an seinem Endknoten.", "The cable's way does not end at its end node."),
    ErrorText("tube-taken", 409, "In dem Röhrchen liegt schon ein Kabel.", "There is a cable in the tube already."),
    ErrorText("cable-does-not-fit", 409, "Das Kabel passt nicht in das Röhrchen.", "The cable does not fit into the tube."),
    ErrorText("tube-closed", 409, "Ein Röhrchen auf dem Weg ist mit einer Endkappe verschlossen.", "A tube on the way is closed by an end cap."),
    ErrorText("tube-occupied", 409, "In dem Röhrchen liegt ein Kabel.", "There is a cable in the tube."),
    ErrorText("cable-keeps-spec", 409, "Ein Kabel behält seinen Typ.", "A cable keeps its product."),
    ErrorText("cable-end-unknown", 409, "Ein Kabel hat einen Anfang („a“) und ein Ende („b“).", "A cable has a beginning (“a”) and an end (“b”)."),
    ErrorText("cable-occupied", 409, "Das Kabel ist in Gehäusen eingeführt.", "The cable enters enclosures."),
    ErrorText("entry-elsewhere", 409, "Das Kabel endet nicht dort, wo das Gehäuse steht.", "The cable does not end where the enclosure is."),
    ErrorText("entry-off-way", 409, "Das Kabel kommt an diesem Gehäuse nicht aus einem Rohr.", "The cable does not leave its duct at this enclosure."),
    ErrorText("entry-not-opened", 409, "Das Kabel ist dort nicht geöffnet, wo eine Faser geschnitten ist.",
              "The cable is not opened where a fibre is cut."),
    ErrorText("fibre-incomplete", 409, "Das Kabel hätte nicht mehr alle seine Fasern.", "The cable would no longer have all its fibres."),
    ErrorText("fibre-cuts-order", 409, "Die Schnitte einer Faser lägen in falscher Reihenfolge.", "A fibre's cuts would be in the wrong order."),
    ErrorText("fibre-not-cuttable-here", 409, "Die Faser läuft hier nicht ungeschnitten durch.", "The fibre does not pass here uncut."),
    ErrorText("fibre-not-cut-here", 409, "Die Faser ist hier nicht geschnitten.", "The fibre is not cut here."),
    ErrorText("fibre-end-taken", 409, "Die Faser ist an dem Schnitt gespleißt.", "The fibre is spliced at the cut."),
)  # fmt: skip

SPLICING = (
    ErrorText("enclosure-keeps-spec", 409, "Ein Gehäuse behält seinen Typ.", "An enclosure keeps its product."),
    ErrorText("enclosure-occupied", 409, "Das Gehäuse ist belegt.", "The enclosure is occupied."),
    ErrorText("device-keeps-ports", 409, "Ein Gerät behält seine Ports.", "A device keeps its ports."),
    ErrorText("device-occupied", 409, "An dem Gerät stecken Kabel.", "Cables are plugged into the device."),
    ErrorText("splitter-keeps-spec", 409, "Ein Splitter behält Typ und Gehäuse.", "A splitter keeps its product and enclosure."),
    ErrorText("splitter-occupied", 409, "An dem Splitter hängen Fasern.", "Fibres hang at the splitter."),
    ErrorText("joint-two-ends", 409, "Eine Verbindung hat genau zwei Enden.", "A joint has exactly two ends."),
    ErrorText("end-taken", 409, "Dieses Ende ist schon verbunden.", "This end is joined already.", ("fibre_jointend_once",)),
    ErrorText("slot-taken", 409, "Dieser Platz der Kassette ist belegt.", "This place of the tray is occupied.", ("fibre_joint_slot_once",)),
    ErrorText("joint-loop", 409, "Etwas würde mit sich selbst verbunden.", "Something would be joined to itself."),
    ErrorText("joint-mixes-media", 409, "Glas und Kupfer lassen sich nicht verbinden.", "Glass and copper cannot be joined."),
    ErrorText("joint-wrong-kind", 409, "Diese Art von Verbindung gibt es zwischen solchen Enden nicht.",
              "There is no such kind of joint between such ends."),
    ErrorText("patch-too-far", 409, "Ein Patchkabel reicht nicht von einem Netzknoten zum anderen.",
              "A patch cord does not reach from one node to another."),
    ErrorText("splice-not-here", 409, "Ein Ende ist nicht in dem Gehäuse, in dem es verbunden würde.",
              "An end is not in the enclosure in which it would be joined."),
    ErrorText("tray-elsewhere", 409, "Die Kassette gehört nicht zu dem Gehäuse.", "The tray does not belong to the enclosure."),
    ErrorText("tray-full", 409, "Die Kassette hat nicht so viele Plätze.", "The tray has not as many places."),
    ErrorText("enclosure-too-small", 409, "Der neue Typ hat nicht alle Kassetten, Plätze oder Ports, die belegt sind.",
              "The new product has not all the trays, places or ports that are occupied."),
    ErrorText("fibre-not-here", 409, "Die Faser hat in diesem Gehäuse kein Ende.", "The fibre has no end in this enclosure."),
    ErrorText("fibre-ambiguous", 409, "Die Faser hat in diesem Gehäuse zwei Enden.", "The fibre has two ends in this enclosure."),
    ErrorText("nothing-to-swap", 409, "Diese beiden Verbindungen haben nichts, was sich tauschen ließe.",
              "These two joints have nothing that could be swapped."),
    ErrorText("unknown-port", 409, "Diese Ports gibt es nicht alle.", "Not all of these ports exist."),
    ErrorText("unknown-leg", 409, "Dieses Bein hat der Splitter nicht.", "The splitter has no such leg."),
    ErrorText("unknown-object", 409, "Dieses Objekt gibt es nicht.", "There is no such object."),
)  # fmt: skip

_NAMED = ("node", "segment", "duct", "cable", "enclosure", "device", "splitter", "premises", "circuit", "workorder")
# Rules that are plain constraints: what they say when they refuse.
PLAIN = (
    ErrorText("name-taken", 409, "Diesen Namen gibt es in dem Netz oder Gehäuse schon.", "There is this name in the network or enclosure already.",
              tuple(f"fibre_{one}_name_once" for one in _NAMED)),
    ErrorText("structure-needs-name", 409, "Ein Netzknoten mit Bauwerk braucht einen Namen; nur Abzweig und Ende haben keinen.",
              "A node with a structure needs a name; only branches and ends have none.", ("fibre_node_structure_named",)),
    ErrorText("segment-drawn-twice", 409, "Diese Trasse gibt es schon, vielleicht andersherum gezeichnet.",
              "There is this segment already, maybe drawn the other way round.", ("fibre_segment_drawn_once",)),
    ErrorText("segment-in-walk-twice", 409, "Der Weg geht zweimal durch dieselbe Trasse.", "The way leads through the same segment twice.",
              ("fibre_ductstep_segment_once", "fibre_cablestep_segment_once")),
    ErrorText("tube-end-coupled", 409, "An diesem Röhrchenende sitzt schon ein Verbinder.", "There is a fitting on this tube's end already.",
              ("fibre_tubeend_once",)),
    ErrorText("cable-entered-already", 409, "Das Kabel ist hier oder mit diesem Ende schon in einem Gehäuse.",
              "The cable is in an enclosure here, or with this end, already.", ("fibre_cableentry_end_once", "fibre_cableentry_once")),
    ErrorText("slack-there", 409, "Für dieses Kabel liegt dort schon eine Reserve.", "There is slack of this cable already.", ("fibre_slack_once",)),
    ErrorText("port-serves-other", 409, "Dieser Port versorgt schon eine andere Wohneinheit.", "This port serves another unit already.",
              ("fibre_unit_port_once",)),
)  # fmt: skip

SERVICE = (
    ErrorText("joint-carries-service", 409, "Über diese Verbindung läuft eine Schaltung.", "A circuit runs through this joint."),
    ErrorText("fibre-carries-service", 409, "Über diese Faser läuft eine Schaltung.", "A circuit runs through this fibre."),
    ErrorText("circuit-not-connected", 409, "Die Schaltung hat keine durchgehende Verbindung zwischen ihren Enden.",
              "The circuit is not connected from end to end."),
    ErrorText("circuit-in-service", 409, "Die Schaltung ist in Betrieb.", "The circuit is in service."),
    ErrorText("leased-twice", 409, "Das ist in dieser Zeit schon vermietet oder reserviert.", "That is leased or reserved already at that time."),
    ErrorText("unknown-fibre", 409, "So viele Fasern hat das Kabel nicht.", "The cable has not as many fibres."),
)  # fmt: skip

ROUTES = (
    ErrorText("segment-full", 409, "Die Trasse nimmt nicht so viele Rohre auf.", "The segment does not hold so many ducts."),
    ErrorText("no-route", 409, "Zwischen diesen Netzknoten führt kein Weg durch Trassen.", "No way through the trenches leads from one node to the other."),
    ErrorText("route-to-itself", 409, "Der Weg endet, wo er beginnt.", "The way ends where it begins."),
    ErrorText("route-repeats", 409, "Der Weg käme zweimal an einem Netzknoten vorbei.", "The way would pass a node twice."),
)  # fmt: skip

HOUSES = (
    ErrorText("house-connected", 409, "Das Haus ist schon angeschlossen.", "The house is connected already."),
    ErrorText("house-without-place", 409, "Wo das Haus steht, ist nicht gesagt.", "It is not said where the house is."),
    ErrorText("house-needs-name", 409, "Das Haus braucht einen Namen.", "The house needs a name."),
    ErrorText("house-on-trench", 409, "Das Haus stünde auf der Trasse.", "The house would stand on the trench."),
    ErrorText("not-a-building", 409, "Dort steht ein Netzknoten, der kein Gebäude dieses Netzes ist.",
              "There is a node that is no building of this network."),
    ErrorText("not-a-huep", 409, "Das ist kein HÜP des Katalogs.", "This is no building entry point of the catalogue."),
    ErrorText("no-duct-in-reach", 409, "In der Nähe liegt kein Rohr, das angezapft werden könnte.", "There is no duct nearby that could be tapped."),
    ErrorText("no-free-tube", 409, "Kein Röhrchen ist dort bis zu einem Verteiler frei.", "No tube is free there as far as a cabinet."),
    ErrorText("no-fitting", 409, "Der Katalog hat keinen Verbinder, der passt.", "The catalogue has no fitting that fits."),
    ErrorText("lead-in-not-single", 409, "Das ist kein Einzelrohr des Katalogs.", "This is no single pipe of the catalogue."),
    ErrorText("which-enclosure", 409, "In welches Gehäuse soll das Kabel?", "Which enclosure is the cable to enter?"),
    ErrorText("tube-end-not-here", 409, "Das Röhrchen hat an diesem Netzknoten kein Ende.", "The tube has no end at this node."),
    ErrorText("tube-end-ambiguous", 409, "Das Röhrchen hat an diesem Netzknoten zwei Enden.", "The tube has two ends at this node."),
    ErrorText("tube-not-coupled", 409, "Am Ende des Röhrchens sitzt hier nichts.", "There is no fitting on the tube's end here."),
)  # fmt: skip

ORDERS = (
    ErrorText("order-state", 409, "Der Auftrag kann das nicht werden.", "The order cannot become that."),
    ErrorText("order-not-done", 409, "Noch nicht jeder Schritt des Auftrags ist ausgeführt.", "Not every step of the order is done yet."),
    ErrorText("order-not-draft", 409, "Der Auftrag ist kein Entwurf mehr.", "The order is no draft any more."),
    ErrorText("order-elsewhere", 409, "Diesen Auftrag gibt es in dem Netz des Objekts nicht.", "There is no such order in the object's network."),
    ErrorText("order-no-result", 400, "„{name}“ nennt nichts, was ein früherer Schritt gemacht hat.", "“{name}” names nothing that an earlier step made."),
    ErrorText("order-step-used", 409, "Ein Schritt braucht, was Schritt {step} macht; er kommt nach ihm.", "A step needs what step {step} makes; it comes behind it."),
    ErrorText("too-many-steps", 400, "Ein Auftrag hat höchstens {most} Schritte; was mehr ist, gehört in einen zweiten.",
              "An order has {most} steps at most; what is more belongs into a second one."),
    ErrorText("order-stops", 409, "Der Auftrag {order} bleibt bei Schritt {step} stehen: {why}", "The order {order} stops at step {step}: {why}"),
    ErrorText("order-base-changed", 409,
              "Das Netz hat sich geändert: Der Auftrag {order} täte etwas anderes als genehmigt ({missing} Änderungen fehlten, {unexpected} kämen dazu). "
              "Ansehen und neu genehmigen.",
              "The network has changed: the order {order} would do something else than was approved ({missing} changes missing, {unexpected} new). "
              "Look at it and approve anew."),
)  # fmt: skip

ACTIONS = (
    ErrorText("unknown-action", 404, "Den Handgriff {name} gibt es nicht. Es gibt: {possible}", "There is no action {name}. There are: {possible}"),
    ErrorText("unknown-argument", 400, "Die Angabe {name} gibt es hier nicht. Möglich sind: {possible}", "There is no argument {name} here. Possible are: {possible}"),
    ErrorText("unknown-product", 400, "„{name}“ gibt es im Katalog nicht.", "There is no “{name}” in the catalogue."),
    ErrorText("bundles-differ", 409, "Die Bündeladern haben nicht gleich viele Fasern.", "The loose tubes have not the same number of fibres."),
    ErrorText("unknown-bundle", 409, "Diese Bündelader hat das Kabel nicht.", "The cable has no such loose tube."),
    ErrorText("fibre-not-spliced", 409, "Die Faser ist hier mit nichts verbunden.", "The fibre is joined to nothing here."),
    ErrorText("port-not-patched", 409, "In diesem Port steckt kein Patchkabel.", "There is no patch cord in this port."),
    ErrorText("cable-placed", 409, "Das Kabel ist schon verlegt.", "The cable is placed already."),
    ErrorText("cable-not-placed", 409, "Das Kabel ist nicht verlegt.", "The cable is not placed."),
    ErrorText("cable-entered", 409, "Das Kabel ist unterwegs in einem Gehäuse.", "The cable enters an enclosure on its way."),
    ErrorText("cable-spliced", 409, "Fasern des Kabels sind verbunden.", "Fibres of the cable are joined."),
    ErrorText("cable-carries-service", 409, "Über das Kabel läuft eine Schaltung.", "A circuit runs through the cable."),
    ErrorText("cable-misses-node", 409, "Das Kabel kommt an diesem Netzknoten nicht aus einem Rohr.", "The cable does not leave its duct at this node."),
    ErrorText("no-cable-way", 409, "Kein Weg durch freie Röhrchen führt zum anderen Ende.", "No way through free tubes leads to the other end."),
)  # fmt: skip

NAMING = (
    ErrorText("naming-pattern", 409, "Das Muster ist nicht zu verstehen.", "The pattern is not understood."),
    ErrorText("naming-without-number", 409, "Das Muster braucht genau eine Nummer.", "The pattern needs exactly one number."),
)  # fmt: skip

QUESTIONS = (
    ErrorText("fibre-nothing-there", 404, "An „{ref}“ ist nichts angeschlossen: Dort liegt und endet kein Kabel mit Fasern.",
              "Nothing is connected to “{ref}”: no cable with fibres lies or ends there."),
    ErrorText("fibre-unknown", 404, "„{ref}“ gibt es in den Netzen nicht, die Sie sehen dürfen.",
              "There is no “{ref}” in the networks that you may see."),
    ErrorText("fibre-too-many", 400, "„{ref}“ meint {count} Enden; mehr als {most} auf einmal werden nicht verfolgt.",
              "“{ref}” means {count} ends; no more than {most} are traced at once."),
    ErrorText("fibre-no-polygon", 400, "Das ist keine gültige Fläche.", "This is no valid polygon."),
    ErrorText("fibre-no-example", 404, "Es gibt noch kein angeschlossenes Haus.", "There is no connected house yet."),
    ErrorText("fibre-ambiguous-name", 400, "„{ref}“ gibt es mehrmals: {names}.", "There are several “{ref}”: {names}."),
)  # fmt: skip


INTAKE = (
    ErrorText("which-network", 400, "Welches Netz ist gemeint? Vorhanden: {possible}", "Which network is meant? There are: {possible}"),
    ErrorText("import-node-joined", 400, "liegt auf einem anderen Netzknoten und ist dieser",
              "lies on another node and is that one"),
    ErrorText("import-name-taken", 400, "Name ist vergeben; er bekam die Kennung dahinter", "the name is taken; it got the id behind it"),
    ErrorText("import-end-snapped", 400, "Trassenende auf den Netzknoten gezogen", "the segment's end was drawn to the node"),
    ErrorText("import-segment-short", 400, "nicht länger als die Toleranz", "no longer than the tolerance"),
    ErrorText("import-end-loose", 400, "Trassenende hängt an nichts; so weit ist es bis zum Nächsten (näher als --tolerance wäre es verbunden)",
              "the segment's end is connected to nothing; so far off is what is next to it (nearer than --tolerance it would be connected)"),
    ErrorText("import-segment-split", 400, "an Netzknoten geteilt, die auf der Trasse liegen (Zahl der Stücke)",
              "split at nodes that lie on the segment (number of pieces)"),
    ErrorText("import-segment-joined", 400, "Trasse (oder Stücke davon) gibt es schon; sie ist diese", "the segment (or pieces of it) is there already; it is that one"),
    ErrorText("import-split-redrawn", 409, "Dem neuen Verlauf kann die inzwischen geteilte Trasse nicht folgen; bitte von Hand nachziehen",
              "the segment has been split since and cannot follow its new course; please redraw it by hand"),
    ErrorText("import-product-unknown", 400, "Produkt nicht zu verstehen; unter [products] einem des Katalogs zuordnen",
              "the product is not understood; map it to one of the catalogue under [products]"),
    ErrorText("import-unknown-node", 400, "Netzknoten nicht gefunden", "node not found"),
    ErrorText("import-unknown-segment", 400, "Trasse nicht gefunden oder nicht eingelesen", "segment not found, or not taken"),
    ErrorText("import-unknown-duct", 400, "Rohr nicht gefunden", "duct not found"),
    ErrorText("import-unknown-cable", 400, "Kabel nicht gefunden", "cable not found"),
    ErrorText("import-unknown-fibre", 400, "Faser hat das Kabel nicht", "the cable has no such fibre"),
    ErrorText("import-cable-unplaced", 400, "Kabel eingelesen, aber nicht verlegt", "the cable was taken, but not placed"),
    ErrorText("import-cable-off-duct", 400, "Kabel eingelesen, aber nicht verlegt: das Rohr führt nicht zu seinen Enden",
              "the cable was taken, but not placed: the duct does not lead to its ends"),
    ErrorText("import-tube-cut", 400, "Röhrchen geschnitten, wo das Kabel es verlässt", "the tube was cut where the cable leaves it"),
    ErrorText("import-splice-mid-span", 400, "ein Kabel endet an diesem Netzknoten nicht", "a cable does not end at this node"),
    ErrorText("import-end-twice", 400, "Faserende ist in der Datei schon gespleißt (der erste Spleiß gilt)",
              "the fibre's end is spliced in the file already (the first splice counts)"),
    ErrorText("import-slot-taken", 400, "Platz der Kassette ist in der Datei schon belegt; der Spleiß kam ohne Platz",
              "the tray's place is taken in the file already; the splice came without a place"),
)  # fmt: skip

ALL = (
    *PLAIN,
    *ROUTE,
    *DUCTS,
    *CABLES,
    *SPLICING,
    *SERVICE,
    *ROUTES,
    *HOUSES,
    *ACTIONS,
    *ORDERS,
    *NAMING,
    *QUESTIONS,
    *INTAKE,
)
