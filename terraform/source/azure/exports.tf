# azurerm makes exports with an API of 2023, which has no FOCUS, so azapi makes them.

# A schedule must begin in the future, also when it is changed. So the day is taken anew when an export changes, and not at
# every plan. It is taken when the container exists: an apply that stops before, and goes on days later, begins in the
# future too.
resource "time_static" "first_run" {
  for_each = local.exports

  triggers = {
    body     = sha256(jsonencode(merge(local.bodies[each.key], { deliveryInfo = each.value.prefix })))
    identity = tostring(var.managed_identity)
    name     = each.value.name
    place    = "${local._group}/${var.storage_account}/${var.container}"
    scope    = each.value.scope
  }

  depends_on = [azurerm_storage_container.exports]
}

resource "azapi_resource" "exports" {
  for_each = local.exports

  body = {
    properties = merge(local.bodies[each.key], {
      schedule = {
        recurrence = "Daily"
        recurrencePeriod = {
          # At least an hour ahead, so that an apply around midnight has time.
          from = formatdate("YYYY-MM-DD'T00:00:00Z'", timeadd(time_static.first_run[each.key].rfc3339, "25h"))
          to   = "2050-01-01T00:00:00Z"
        }
        status = "Active"
      }
    })
  }
  ignore_casing = true # Azure answers Snappy and Gzip
  location      = var.managed_identity ? "global" : null
  name          = each.value.name
  parent_id     = each.value.scope
  type          = "Microsoft.CostManagement/exports@2025-03-01"

  # Azure itself gives this identity the right to write blobs.
  dynamic "identity" {
    for_each = var.managed_identity ? ["SystemAssigned"] : []
    content {
      type = identity.value
    }
  }

  depends_on = [azurerm_storage_container.exports]
}
