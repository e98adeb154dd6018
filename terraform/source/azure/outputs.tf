# The only output, so that `terraform output -json azure_sources` is the value of the variable of the Google side.
output "azure_sources" {
  description = "Value of the variable azure_sources of the Google side: per export, its account, container, path, name, format, application and queue."
  value = {
    for key, export in local.exports : key => {
      container          = var.container
      event_stream       = export.events ? "${var.storage_account}.queue.core.windows.net/${local.queue_names[key]}" : null
      export_name        = export.name
      federated_identity = local.federated_identity
      focus_version      = export.type == "focus" ? export.version : null
      format             = "azure_${export.type}_${export.file_format}"
      path               = "${export.prefix}/"
      storage_account    = var.storage_account
    }
  }

  depends_on = [
    azapi_resource.exports, azuread_application_federated_identity_credential.transfer,
    azurerm_eventgrid_system_topic_event_subscription.events, azurerm_role_assignment.blobs, azurerm_role_assignment.queues,
  ]
}
