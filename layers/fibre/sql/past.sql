-- What the network's questions look up in the past: the columns by which a trace and an impact go from thing to thing. (By
-- their keys, pgh_obj_id, the histories are indexed anyway.) layers/fibre/past.py puts views of then in the tables' place.

CREATE INDEX fibre_jointendevent_thing ON fibre_jointendevent ((coalesce(section_id, port_id, leg_id)), side);
CREATE INDEX fibre_jointendevent_joint ON fibre_jointendevent (joint_id);
CREATE INDEX fibre_splitterlegevent_splitter ON fibre_splitterlegevent (splitter_id);
CREATE INDEX fibre_fibresectionevent_cable ON fibre_fibresectionevent (cable_id);
CREATE INDEX fibre_cableentryevent_cable ON fibre_cableentryevent (cable_id);
CREATE INDEX fibre_cableentryevent_enclosure ON fibre_cableentryevent (enclosure_id);
CREATE INDEX fibre_cablestepevent_cable ON fibre_cablestepevent (cable_id);
CREATE INDEX fibre_cablestepevent_section ON fibre_cablestepevent (section_id) WHERE section_id IS NOT NULL;
CREATE INDEX fibre_cablestepevent_segment ON fibre_cablestepevent (segment_id) WHERE segment_id IS NOT NULL;
CREATE INDEX fibre_slackevent_cable ON fibre_slackevent (cable_id);
CREATE INDEX fibre_ductstepevent_duct ON fibre_ductstepevent (duct_id);
CREATE INDEX fibre_ductstepevent_segment ON fibre_ductstepevent (segment_id);
CREATE INDEX fibre_tubeevent_duct ON fibre_tubeevent (duct_id);
CREATE INDEX fibre_tubesectionevent_tube ON fibre_tubesectionevent (tube_id);
CREATE INDEX fibre_enclosureevent_node ON fibre_enclosureevent (node_id);
CREATE INDEX fibre_portevent_enclosure ON fibre_portevent (enclosure_id) WHERE enclosure_id IS NOT NULL;
CREATE INDEX fibre_portevent_device ON fibre_portevent (device_id) WHERE device_id IS NOT NULL;
CREATE INDEX fibre_premisesevent_node ON fibre_premisesevent (node_id);
CREATE INDEX fibre_unitevent_premises ON fibre_unitevent (premises_id);
CREATE INDEX fibre_circuitendevent_circuit ON fibre_circuitendevent (circuit_id);
CREATE INDEX fibre_circuitendevent_port ON fibre_circuitendevent (port_id) WHERE port_id IS NOT NULL;
CREATE INDEX fibre_circuitendevent_section ON fibre_circuitendevent (section_id) WHERE section_id IS NOT NULL;
CREATE INDEX fibre_segmentevent_geom ON fibre_segmentevent USING gist (geom);
CREATE INDEX fibre_nodeevent_geom ON fibre_nodeevent USING gist (geom);
