# One queue per export with events: a transfer deletes each message that it reads, so two transfers cannot share one.

resource "azurerm_storage_queue" "events" {
  for_each = local.queue_names

  name               = each.value
  storage_account_id = local.account_id
}

# An account has one system topic.
resource "azurerm_eventgrid_system_topic" "account" {
  for_each = length(local.event_keys) == 0 ? {} : { account = "${var.storage_account}-events" }

  location            = var.location
  name                = each.value
  resource_group_name = local.group_name
  source_resource_id  = local.account_id
  tags                = var.tags
  topic_type          = "Microsoft.Storage.StorageAccounts"

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_role_assignment" "topic" {
  for_each = length(local.event_keys) == 0 ? {} : azurerm_storage_queue.events

  principal_id         = azurerm_eventgrid_system_topic.account["account"].identity[0].principal_id
  principal_type       = "ServicePrincipal"
  role_definition_name = "Storage Queue Data Message Sender"
  scope                = each.value.id
}

resource "azurerm_eventgrid_system_topic_event_subscription" "events" {
  for_each = azurerm_storage_queue.events

  event_delivery_schema = "EventGridSchema"
  included_event_types  = ["Microsoft.Storage.BlobCreated"]
  name                  = each.value.name
  resource_group_name   = local.group_name
  system_topic          = azurerm_eventgrid_system_topic.account["account"].name

  delivery_identity {
    type = "SystemAssigned" # the account may have no shared keys
  }
  storage_queue_endpoint {
    queue_message_time_to_live_in_seconds = 1209600 # 14 days: a paused transfer loses nothing before
    queue_name                            = each.value.name
    storage_account_id                    = local.account_id
  }
  subject_filter {
    subject_begins_with = "/blobServices/default/containers/${var.container}/blobs/${local.exports[each.key].prefix}/"
  }

  depends_on = [azurerm_role_assignment.topic]
}

resource "azurerm_role_assignment" "queues" {
  for_each = azurerm_storage_queue.events

  principal_id         = local.principal_id
  principal_type       = "ServicePrincipal"
  role_definition_name = "Storage Queue Data Message Processor"
  scope                = each.value.id
}
