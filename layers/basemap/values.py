"""What OpenStreetMap's words for kinds mean to people; a word that is missing here is shown as it is."""

from gisapp.layer import Text

_KINDS = """
supermarket|Supermarkt|Supermarket
bakery|Bäckerei|Bakery
butcher|Fleischerei|Butcher
convenience|Lebensmittel|Convenience store
clothes|Bekleidung|Clothes
shoes|Schuhe|Shoes
hairdresser|Friseur|Hairdresser
beauty|Kosmetik|Beauty
optician|Optik|Optician
florist|Blumen|Florist
books|Bücher|Books
kiosk|Kiosk|Kiosk
chemist|Drogerie|Chemist
furniture|Möbel|Furniture
jewelry|Schmuck|Jewellery
electronics|Elektronik|Electronics
bicycle|Fahrräder|Bicycles
car|Autohaus|Car dealer
car_repair|Autowerkstatt|Car repair
farm|Hofladen|Farm shop
hardware|Eisenwaren|Hardware
doityourself|Baumarkt|DIY store
gift|Geschenke|Gifts
toys|Spielwaren|Toys
travel_agency|Reisebüro|Travel agency
vacant|leer stehend|Vacant
restaurant|Restaurant|Restaurant
cafe|Café|Café
pub|Kneipe|Pub
bar|Bar|Bar
fast_food|Imbiss|Fast food
biergarten|Biergarten|Beer garden
ice_cream|Eisdiele|Ice cream
school|Schule|School
kindergarten|Kindertagesstätte|Kindergarten
university|Hochschule|University
college|Berufskolleg|College
library|Bibliothek|Library
childcare|Kinderbetreuung|Childcare
hospital|Krankenhaus|Hospital
clinic|Klinik|Clinic
pharmacy|Apotheke|Pharmacy
doctors|Arztpraxis|Doctor
dentist|Zahnarztpraxis|Dentist
veterinary|Tierarztpraxis|Vet
nursing_home|Pflegeheim|Nursing home
social_facility|Soziale Einrichtung|Social facility
townhall|Rathaus|Town hall
police|Polizei|Police
fire_station|Feuerwehr|Fire station
post_office|Post|Post office
post_box|Briefkasten|Post box
bank|Bank|Bank
atm|Geldautomat|Cash machine
courthouse|Gericht|Court
community_centre|Gemeinschaftshaus|Community centre
recycling|Wertstoffe|Recycling
toilets|Toilette|Toilets
parking|Parkplatz|Car park
parking_entrance|Parkhauszufahrt|Car park entrance
fuel|Tankstelle|Petrol station
charging_station|Ladestation|Charging station
bicycle_parking|Fahrradstellplatz|Bicycle parking
bicycle_rental|Fahrradverleih|Bicycle hire
car_rental|Autovermietung|Car hire
car_sharing|Carsharing|Car sharing
taxi|Taxi|Taxi
bus_stop|Bushaltestelle|Bus stop
bus_station|Busbahnhof|Bus station
station|Bahnhof|Railway station
pitch|Sportplatz|Pitch
playground|Spielplatz|Playground
sports_centre|Sportzentrum|Sports centre
fitness_centre|Fitnessstudio|Fitness centre
swimming_pool|Schwimmbecken|Swimming pool
park|Park|Park
garden|Garten|Garden
place_of_worship|Gotteshaus|Place of worship
theatre|Theater|Theatre
cinema|Kino|Cinema
arts_centre|Kulturzentrum|Arts centre
museum|Museum|Museum
nightclub|Diskothek|Night club
hotel|Hotel|Hotel
hostel|Jugendherberge|Hostel
guest_house|Pension|Guest house
apartment|Ferienwohnung|Holiday flat
camp_site|Campingplatz|Camp site
attraction|Sehenswürdigkeit|Attraction
viewpoint|Aussichtspunkt|Viewpoint
artwork|Kunstwerk|Artwork
information|Information|Information
picnic_site|Rastplatz|Picnic site
fountain|Brunnen|Fountain
bench|Sitzbank|Bench
"""

KINDS = {key: Text(de, en) for key, de, en in (line.split("|") for line in _KINDS.strip().splitlines())}

WHEELCHAIR = {
    "yes": Text("rollstuhlgerecht", "accessible by wheelchair"),
    "limited": Text("teilweise rollstuhlgerecht", "partly accessible"),
    "no": Text("nicht rollstuhlgerecht", "not accessible"),
    "designated": Text("für Rollstühle eingerichtet", "designed for wheelchairs"),
}
