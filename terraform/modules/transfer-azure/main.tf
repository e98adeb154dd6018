locals {
  _daily                = var.event_stream == null ? {} : { daily = "86400s" }
  _event_streams        = var.event_stream == null ? [] : [var.event_stream]
  _federated_identities = var.credentials.federated_identity == null ? [] : [var.credentials.federated_identity]

  _schedules = var.event_stream == null ? ["${var.schedule_hours * 3600}s"] : []

  # The values for the application's federated credential of the type "other issuer".
  federation = {
    audience = "api://AzureADTokenExchange"
    issuer   = "https://accounts.google.com"
    subject  = var.transfer_agent.subject_id
  }
}
