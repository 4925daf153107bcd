-- For wrk: one kind of request, and the result as one line of JSON.
-- wrk ... -s load.lua URL -- KIND PATH TOKEN PREFIX [FILE OF IDS]
-- KIND is get (PATH, its {id} one of the file's by turns), csv, period or procedures (bodies of their own),
-- dossier or dossiers (the file's body, one or a thousand, with codes of their own).

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  kind, path, token, prefix = arguments[1], arguments[2], arguments[3], arguments[4]
  count = number * 1000000
  headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
  ids = {}
  if arguments[5] then
    for id in io.lines(arguments[5]) do
      ids[#ids + 1] = id
    end
  end
  if kind == "csv" then
    headers["Accept"] = "text/csv"
  end
end

local function dossier(number)
  return (ids[1]:gsub("{code}", string.format("X%s.%d-260601-%04d", prefix, count, number)))
end

local function dossiers()
  local rows = {}
  for row = 1, 1000 do
    rows[row] = dossier(row)
  end
  return "[" .. table.concat(rows, ",") .. "]"
end

local function period()
  return string.format(
    '{"regime":"%s_%d","code":"2030","kind":"year","starts_on":"2030-01-01","ends_on":"2030-12-31"}', prefix, count
  )
end

local function procedures()
  local rows = {}
  for row = 1, 1000 do
    rows[row] = string.format(
      '{"code":"1.%06d.%s%d","name":"Thủ tục đăng ký lại hộ kinh doanh số %d tại bộ phận một cửa","level":"commune",'
        .. '"deadlines":[{"value":5,"unit":"working_day","variant":null}],"authority":"Ủy ban nhân dân cấp xã"}',
      row, string.upper(prefix), count, row
    )
  end
  return "[" .. table.concat(rows, ",") .. "]"
end

function request()
  count = count + 1
  if kind == "period" then
    return wrk.format("POST", path, headers, period())
  elseif kind == "procedures" then
    return wrk.format("POST", path, headers, procedures())
  elseif kind == "dossier" then
    return wrk.format("POST", path, headers, dossier(1))
  elseif kind == "dossiers" then
    return wrk.format("POST", path, headers, dossiers())
  elseif #ids > 0 then
    return wrk.format("GET", (path:gsub("{id}", ids[count % #ids + 1])), headers)
  end
  return wrk.format("GET", path, headers)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout
  ))
end
