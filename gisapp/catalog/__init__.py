"""The catalogue of the public layers: DCAT-AP.de for open-data portals, ISO 19139 for spatial data infrastructures."""
