locals {
  _file_formats = {
    csv     = { compressionMode = "gzip", format = "Csv" }
    parquet = { compressionMode = "snappy", format = "Parquet" }
  }
  _overwrites = { create_new = "CreateNewReport", overwrite = "OverwritePreviousReport" }
  _types      = { actual = "ActualCost", amortized = "AmortizedCost", focus = "FocusCost" }
  # Without a version, Azure takes the newest, and the columns of a table would change one day.
  _versions = { actual = "2021-10-01", amortized = "2021-10-01", focus = "1.2-preview" }

  exports = {
    for key, export in var.exports : key => merge(export, {
      name    = coalesce(export.name, "billing-${replace(key, "_", "-")}")
      prefix  = coalesce(export.prefix, "exports/${key}")
      scope   = coalesce(export.scope, local._subscription)
      version = coalesce(export.version, local._versions[export.type])
    })
  }

  # The body of Microsoft.CostManagement/exports@2025-03-01, without the schedule.
  bodies = {
    for key, export in local.exports : key => merge(local._file_formats[export.file_format], {
      dataOverwriteBehavior = local._overwrites[export.delivery]
      definition = {
        dataSet = {
          configuration = { dataVersion = export.version }
          granularity   = "Daily"
        }
        timeframe = "MonthToDate" # and, on the first days of a month, the month before
        type      = local._types[export.type]
      }
      deliveryInfo = {
        destination = {
          container      = var.container
          resourceId     = local.account_id
          rootFolderPath = export.prefix
          type           = "AzureBlob"
        }
      }
      exportDescription = "Billing export for BigQuery"
      partitionData     = true # several files, and a manifest that names them
    })
  }

  _group        = "${local._subscription}/resourceGroups/${var.resource_group}"
  _subscription = "/subscriptions/${var.subscription_id}"
  account_id    = var.create_storage_account ? azurerm_storage_account.exports["exports"].id : "${local._group}/providers/Microsoft.Storage/storageAccounts/${var.storage_account}"
  group_name    = var.create_resource_group ? azurerm_resource_group.exports["exports"].name : var.resource_group

  federated_identity = {
    client_id = var.application == null ? azuread_application_registration.transfer["transfer"].client_id : var.application.client_id
    tenant_id = data.azuread_client_config.current.tenant_id
  }
  principal_id = var.application == null ? azuread_service_principal.transfer["transfer"].object_id : var.application.principal_id

  event_keys  = toset([for key, export in local.exports : key if export.events])
  queue_names = { for key in local.event_keys : key => "billing-${replace(key, "_", "-")}" }
}

data "azuread_client_config" "current" {}
