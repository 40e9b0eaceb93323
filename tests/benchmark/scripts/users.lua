-- Each request is another user's.
local number = 0

function request()
  number = number + 1
  wrk.headers["X-Forwarded-User"] = "u-" .. number
  wrk.headers["X-Forwarded-Email"] = "ada-" .. number .. "@acme.example"
  return wrk.format()
end
