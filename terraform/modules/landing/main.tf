locals {
  _kms_keys = var.kms_key == null ? [] : [var.kms_key]
}
