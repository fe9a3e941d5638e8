-- wrk: ask for the paths of a file in turn.
local paths = {}
local place = 0

function init(args)
  for line in io.lines(args[1]) do
    table.insert(paths, line)
  end
end

function request()
  place = place % #paths + 1
  return wrk.format("GET", paths[place])
end
