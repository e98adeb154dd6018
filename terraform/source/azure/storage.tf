# The account and the container that Azure delivers to.

resource "azurerm_resource_group" "exports" {
  for_each = var.create_resource_group ? { exports = var.resource_group } : {}

  location = var.location
  name     = each.value
  tags     = var.tags
}

resource "azurerm_storage_account" "exports" {
  for_each = var.create_storage_account ? { exports = var.storage_account } : {}

  account_kind                     = "StorageV2"
  account_replication_type         = "LRS"
  account_tier                     = "Standard"
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  https_traffic_only_enabled       = true
  # With it, an event would come when the copy of a blob begins. allowed_copy_scope stays unset, because Azure copies the
  # blobs of an export from an account of its own.
  is_hns_enabled     = false
  local_user_enabled = false
  location           = var.location
  min_tls_version    = "TLS1_2"
  name               = each.value
  # Storage Transfer comes over the internet. Who may read is a matter of roles, and of allowed_ips.
  public_network_access_enabled = true
  resource_group_name           = local.group_name
  # Azure writes an export with the keys of the account, unless the export has an identity.
  shared_access_key_enabled = var.managed_identity ? false : true # checkov does not evaluate !
  tags                      = var.tags

  blob_properties {
    delete_retention_policy {
      days = 7
    }
  }

  dynamic "network_rules" {
    for_each = length(var.allowed_ips) == 0 ? [] : [var.allowed_ips]
    content {
      bypass         = ["AzureServices"] # exports with an identity, and Event Grid
      default_action = "Deny"
      ip_rules       = network_rules.value
    }
  }

  sas_policy {
    expiration_action = "Log"
    expiration_period = "365.00:00:00" # for who reads with a SAS token instead of the application
  }
}

resource "azurerm_storage_container" "exports" {
  container_access_type = "private"
  name                  = var.container
  storage_account_id    = local.account_id
}

# The whole policy of the account, so it exists only for an account of this root.
resource "azurerm_storage_management_policy" "exports" {
  for_each = var.retention_days == null ? {} : azurerm_storage_account.exports

  storage_account_id = each.value.id

  rule {
    enabled = true
    name    = "old-deliveries"

    actions {
      base_blob {
        delete_after_days_since_modification_greater_than = var.retention_days
      }
    }
    filters {
      blob_types   = ["blockBlob"]
      prefix_match = ["${var.container}/"]
    }
  }
}
