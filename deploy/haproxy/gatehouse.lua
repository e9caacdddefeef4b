-- Asks Gatehouse about a request (HAProxy 2.6 or later, with Lua 5.3 or later).
--
--   http-request lua.gatehouse URL HEADERS
--   http-request deny deny_status 503 unless { var(txn.gatehouse) -m str allow }
--
-- URL is the door of Gatehouse with the profile `haproxy`. HEADERS are the identity headers that any route sets, with
-- commas between. On an allow they are set or removed, `txn.gatehouse` is `allow`, and the request goes on. On a
-- refusal the client gets Gatehouse's answer and the request ends here. Whatever else happens, an error of this script
-- included, leaves the variable unset: the second line denies then, and must not be left out.

local TIMEOUT_MS = 3000 -- above `timeout` of the door (2 s), so that Gatehouse's own answer is there first
local SECRET = os.getenv("GATEHOUSE_DOOR_KEY") -- of `secretHeader: { name: x-gatehouse-key, … }`

-- About the connection or the message, or ours to say.
local NOT_PASSED = {}
for name in ([[
  connection content-length expect host keep-alive proxy-connection te trailer transfer-encoding upgrade
  x-original-uri x-original-method x-forwarded-host x-gatehouse-key
]]):gmatch("%S+") do NOT_PASSED[name] = true end

-- About the answer's own message, which HAProxy writes anew.
local NOT_RETURNED = { ["connection"] = true, ["content-length"] = true, ["keep-alive"] = true,
  ["transfer-encoding"] = true, ["date"] = true }

local function all(values)
  local list = {}
  for _, value in pairs(values) do list[#list + 1] = value end
  return list
end

local function question(txn)
  local headers = {}
  for name, values in pairs(txn.http:req_get_headers()) do
    if not NOT_PASSED[name:lower()] then headers[name] = all(values) end
  end
  -- As the client sent it: not decoded, not normalised.
  headers["x-original-uri"] = { txn.f:pathq() or "" }
  headers["x-original-method"] = { txn.f:method() or "" }
  headers["x-forwarded-host"] = { txn.f:req_fhdr("host") or "" }
  if SECRET then headers["x-gatehouse-key"] = { SECRET } end
  return headers
end

local function refuse(txn, status, headers, body)
  local reply = txn:reply({ status = status, body = body })
  for name, values in pairs(headers) do
    if not NOT_RETURNED[name:lower()] then
      for _, value in pairs(values) do reply:add_header(name, value) end
    end
  end
  txn:done(reply)
end

local function first(headers, name)
  for _, value in pairs(headers[name] or {}) do return value end
  return nil
end

core.register_action("gatehouse", { "http-req" }, function(txn, url, names)
  txn:set_var("txn.gatehouse", "deny")
  local answer = core.httpclient():get({ url = url, headers = question(txn), timeout = TIMEOUT_MS })
  local headers = answer.headers or {}

  if answer.status ~= 200 then
    -- Nobody answered, or somebody who is not Gatehouse.
    if answer.status == nil or answer.status < 400 then
      refuse(txn, 503, { ["cache-control"] = { "no-store" }, ["retry-after"] = { "5" } }, "")
    else
      refuse(txn, answer.status, headers, answer.body or "")
    end
    return
  end

  for name in names:gmatch("[^,%s]+") do
    txn.http:req_del_header(name)
    local value = first(headers, name:lower())
    if value and value ~= "" then txn.http:req_set_header(name, value) end
  end
  if first(headers, "x-authz-authorization") ~= "keep" then txn.http:req_del_header("authorization") end
  txn:set_var("txn.gatehouse", "allow")
end, 2)
