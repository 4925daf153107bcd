-- For wrk: every request with a token, `post` with a body of its own; the result as one line of JSON.
-- wrk ... -s bench.lua URL -- get|post TOKEN PREFIX

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  method, token, prefix = arguments[1], arguments[2], arguments[3]
  count = 0
  headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
end

function request()
  if method == "get" then
    return wrk.format("GET", nil, headers)
  end
  count = count + 1
  local body = string.format(
    '{"regime":"%s_%d_%d","code":"2030","kind":"year","starts_on":"2030-01-01","ends_on":"2030-12-31"}',
    prefix, number, count
  )
  return wrk.format("POST", nil, headers, body)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout
  ))
end
