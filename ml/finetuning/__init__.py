"""Fine-tuning a tip writer on what people did with its tips (E10): LoRA by preference pairs.

`lora` and `pairs` need nothing but torch, PEFT and transformers, so that they run on any machine.
"""
