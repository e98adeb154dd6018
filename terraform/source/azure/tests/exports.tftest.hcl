# Exports of every type and scope, with and without identity, events, and an existing account and application.

mock_provider "azapi" {}

mock_provider "azuread" {
  mock_data "azuread_client_config" {
    defaults = { tenant_id = "66666666-7777-8888-9999-000000000000" }
  }
  mock_resource "azuread_application_registration" {
    defaults = {
      client_id = "aaaaaaaa-2222-3333-4444-555555555555"
      id        = "/applications/bbbbbbbb-2222-3333-4444-555555555555"
    }
  }
  mock_resource "azuread_service_principal" {
    defaults = { object_id = "cccccccc-2222-3333-4444-555555555555" }
  }
}

mock_provider "azurerm" {
  mock_resource "azurerm_storage_account" {
    defaults = { id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/billing-exports/providers/Microsoft.Storage/storageAccounts/acmebilling" }
  }
  mock_resource "azurerm_storage_container" {
    defaults = { id = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/A/blobServices/default/containers/exports" }
  }
  mock_resource "azurerm_storage_queue" {
    defaults = { id = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/A/queueServices/default/queues/billing-focus" }
  }
}

mock_provider "time" {
  mock_resource "time_static" {
    defaults = { rfc3339 = "2026-11-29T23:30:00Z" }
  }
}

variables {
  google_subject_id = "112233445566778899001"
  storage_account   = "acmebilling"
  subscription_id   = "11111111-2222-3333-4444-555555555555"
}

run "defaults" {
  assert {
    condition = jsonencode(output.azure_sources) == jsonencode({
      focus = {
        container    = "exports"
        event_stream = null
        export_name  = "billing-focus"
        federated_identity = {
          client_id = "aaaaaaaa-2222-3333-4444-555555555555"
          tenant_id = "66666666-7777-8888-9999-000000000000"
        }
        focus_version   = "1.2-preview"
        format          = "azure_focus_parquet"
        path            = "exports/focus/"
        storage_account = "acmebilling"
      }
    })
    error_message = "The output is not the entry of the Google side."
  }
  assert {
    condition = azapi_resource.exports["focus"].body == {
      properties = {
        compressionMode       = "snappy"
        dataOverwriteBehavior = "CreateNewReport"
        definition = {
          dataSet   = { configuration = { dataVersion = "1.2-preview" }, granularity = "Daily" }
          timeframe = "MonthToDate"
          type      = "FocusCost"
        }
        deliveryInfo = {
          destination = {
            container      = "exports"
            resourceId     = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/billing-exports/providers/Microsoft.Storage/storageAccounts/acmebilling"
            rootFolderPath = "exports/focus"
            type           = "AzureBlob"
          }
        }
        exportDescription = "Billing export for BigQuery"
        format            = "Parquet"
        partitionData     = true
        schedule = {
          recurrence       = "Daily"
          recurrencePeriod = { from = "2026-12-01T00:00:00Z", to = "2050-01-01T00:00:00Z" }
          status           = "Active"
        }
      }
    }
    error_message = "The body of the export is wrong."
  }
  assert {
    condition     = azapi_resource.exports["focus"].parent_id == "/subscriptions/11111111-2222-3333-4444-555555555555" && length(azapi_resource.exports["focus"].identity) == 0
    error_message = "The export is not that of the subscription, or has an identity."
  }
  assert {
    condition = (
      azuread_application_federated_identity_credential.transfer["transfer"].subject == "112233445566778899001"
      && azuread_application_federated_identity_credential.transfer["transfer"].issuer == "https://accounts.google.com"
      && azuread_application_federated_identity_credential.transfer["transfer"].audiences == tolist(["api://AzureADTokenExchange"])
    )
    error_message = "The application does not trust Storage Transfer's account."
  }
  assert {
    condition     = azurerm_role_assignment.blobs.role_definition_name == "Storage Blob Data Reader" && azurerm_role_assignment.blobs.principal_id == "cccccccc-2222-3333-4444-555555555555" && strcontains(azurerm_role_assignment.blobs.scope, "/containers/exports")
    error_message = "The application may not read the container, or may read more."
  }
  assert {
    condition     = azurerm_storage_account.exports["exports"].shared_access_key_enabled && length(azurerm_storage_queue.events) == 0 && length(azurerm_eventgrid_system_topic.account) == 0
    error_message = "Azure could not write the export, or there is a queue that nobody asked for."
  }
}

run "types_and_scopes" {
  command = plan
  variables {
    exports = {
      group     = { scope = "/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/Web", version = "1.0r2" }
      actual    = { type = "actual", file_format = "csv", scope = "/providers/Microsoft.Billing/billingAccounts/1234567" }
      amortized = { type = "amortized", delivery = "overwrite", scope = "/providers/Microsoft.Billing/billingAccounts/aa:bb_2019-05-31/billingProfiles/CC-DD" }
    }
  }

  assert {
    condition     = { for key, body in local.bodies : key => [body.definition.type, body.definition.dataSet.configuration.dataVersion, body.format, body.compressionMode, body.dataOverwriteBehavior] } == { actual = ["ActualCost", "2021-10-01", "Csv", "gzip", "CreateNewReport"], amortized = ["AmortizedCost", "2021-10-01", "Parquet", "snappy", "OverwritePreviousReport"], group = ["FocusCost", "1.0r2", "Parquet", "snappy", "CreateNewReport"] }
    error_message = "The body of an export is wrong."
  }
  assert {
    condition     = azapi_resource.exports["amortized"].parent_id == "/providers/Microsoft.Billing/billingAccounts/aa:bb_2019-05-31/billingProfiles/CC-DD" && endswith(azapi_resource.exports["group"].parent_id, "/resourceGroups/Web")
    error_message = "The letter case or the form of a scope has changed."
  }
}

run "identity_and_firewall" {
  command = plan
  variables {
    allowed_ips      = ["203.0.113.0/24", "198.51.100.7"]
    managed_identity = true
  }

  assert {
    condition     = azapi_resource.exports["focus"].identity[0].type == "SystemAssigned" && azapi_resource.exports["focus"].location == "global" && !azurerm_storage_account.exports["exports"].shared_access_key_enabled
    error_message = "The export has no identity, or the account still has shared keys."
  }
  assert {
    condition     = one(azurerm_storage_account.exports["exports"].network_rules).default_action == "Deny" && one(azurerm_storage_account.exports["exports"].network_rules).bypass == toset(["AzureServices"]) && length(one(azurerm_storage_account.exports["exports"].network_rules).ip_rules) == 2
    error_message = "The firewall does not let Azure's services and the given addresses in."
  }
}

run "events" {
  variables {
    exports = { focus = { events = true } }
  }

  assert {
    condition     = output.azure_sources["focus"].event_stream == "acmebilling.queue.core.windows.net/billing-focus"
    error_message = "The Google side gets no queue."
  }
  assert {
    condition = (
      azurerm_eventgrid_system_topic_event_subscription.events["focus"].subject_filter[0].subject_begins_with == "/blobServices/default/containers/exports/blobs/exports/focus/"
      && azurerm_eventgrid_system_topic_event_subscription.events["focus"].included_event_types == tolist(["Microsoft.Storage.BlobCreated"])
      && azurerm_eventgrid_system_topic_event_subscription.events["focus"].storage_queue_endpoint[0].queue_name == "billing-focus"
    )
    error_message = "Event Grid does not announce every new blob of the export."
  }
  assert {
    condition     = azurerm_role_assignment.queues["focus"].role_definition_name == "Storage Queue Data Message Processor" && azurerm_role_assignment.topic["focus"].role_definition_name == "Storage Queue Data Message Sender"
    error_message = "The application may not read the queue, or Event Grid may not write to it."
  }
}

run "existing_account_and_application" {
  command = plan
  variables {
    application            = { client_id = "dddddddd-2222-3333-4444-555555555555", principal_id = "eeeeeeee-2222-3333-4444-555555555555" }
    create_resource_group  = false
    create_storage_account = false
  }

  assert {
    condition = (
      length(azurerm_resource_group.exports) == 0 && length(azurerm_storage_account.exports) == 0 && length(azurerm_storage_management_policy.exports) == 0
      && length(azuread_application_registration.transfer) == 0 && length(azuread_application_federated_identity_credential.transfer) == 0
    )
    error_message = "Something that exists would be created again."
  }
  assert {
    condition     = azurerm_storage_container.exports.storage_account_id == "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/billing-exports/providers/Microsoft.Storage/storageAccounts/acmebilling" && azurerm_role_assignment.blobs.principal_id == "eeeeeeee-2222-3333-4444-555555555555"
    error_message = "The existing account or application is not used."
  }
  assert {
    condition     = output.azure_sources["focus"].federated_identity == { client_id = "dddddddd-2222-3333-4444-555555555555", tenant_id = "66666666-7777-8888-9999-000000000000" }
    error_message = "The Google side gets another application."
  }
}

run "location_that_storage_transfer_may_not_read" {
  command = plan
  variables {
    location = "italynorth"
  }
  expect_failures = [check.transfer_reads_the_location]
}

run "two_exports_of_one_scope" {
  command = plan
  variables {
    exports = { actual = { type = "actual" }, focus = { scope = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/Web" } }
  }
  expect_failures = [check.one_export_of_a_scope]
}
