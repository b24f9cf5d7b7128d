"""Carriers, each behind ``ports.Carrier``; they differ in where a waybill number comes from and what they are told."""
