-- The states of a booking and which follow each other: the one table of it, read by the triggers and by Python.

-- holds: the rooms are in use. lapses: it ends by itself at expires_at. final: nothing follows but a correction.
CREATE VIEW venues_state (state, holds, lapses, final) AS VALUES
    ('requested', true,  false, false),
    ('option',    true,  true,  false),
    ('approved',  true,  true,  false),
    ('confirmed', true,  false, false),
    ('completed', true,  false, true),
    ('no_show',   true,  false, true),
    ('waiting',   false, false, false),
    ('declined',  false, false, true),
    ('cancelled', false, false, true),
    ('expired',   false, false, true);

-- Who takes the step: the booker (of an instant space where it says so), staff, or time.
CREATE VIEW venues_transition (source, target, booker, staff, "time") AS VALUES
    ('',          'requested', true,  true,  false),
    ('',          'option',    false, true,  false),
    ('',          'confirmed', true,  true,  false),
    ('',          'waiting',   true,  true,  false),
    ('requested', 'option',    false, true,  false),
    ('requested', 'approved',  false, true,  false),
    ('requested', 'confirmed', false, true,  false),
    ('requested', 'declined',  false, true,  false),
    ('requested', 'cancelled', true,  true,  false),
    ('requested', 'expired',   false, false, true),
    ('option',    'requested', true,  true,  false),
    ('option',    'approved',  false, true,  false),
    ('option',    'confirmed', true,  true,  false),
    ('option',    'declined',  false, true,  false),
    ('option',    'cancelled', true,  true,  false),
    ('option',    'expired',   false, false, true),
    ('approved',  'confirmed', true,  true,  false),
    ('approved',  'cancelled', true,  true,  false),
    ('approved',  'expired',   false, false, true),
    ('confirmed', 'cancelled', true,  true,  false),
    ('confirmed', 'completed', false, true,  true),
    ('confirmed', 'no_show',   false, true,  false),
    ('completed', 'no_show',   false, true,  false),
    ('no_show',   'completed', false, true,  false),
    ('waiting',   'option',    false, true,  true),
    ('waiting',   'requested', false, true,  false),
    ('waiting',   'declined',  false, true,  false),
    ('waiting',   'cancelled', true,  true,  false),
    ('waiting',   'expired',   false, false, true);
