-- Each request carries the next token of the file TOKENS, in turn.
local tokens = {}
for line in io.lines(os.getenv("TOKENS")) do
  tokens[#tokens + 1] = "Bearer " .. line
end
local number = 0

function request()
  number = number % #tokens + 1
  wrk.headers["Authorization"] = tokens[number]
  return wrk.format()
end
